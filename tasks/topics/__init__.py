"""The stage find_topics: what comments are about, by language, with names that are their most distinctive words.

| to change | open |
|---|---|
| when topics are found again, and what is stored | `stage.py` |
| the words of a comment; characters where a language has no blanks | `terms.py` |
| which words may find and name topics: those of several people, and no names | `vocabulary.py` |
| how topics are found: TF-IDF and NMF | `fitting.py` |
| which components are one topic | `joining.py` |
| their names | `naming.py` |
| which topic a comment gets, and the version of topics | `model.py` |
| the files of topics | `storage.py` |
| the Prefect task | `task.py` |
| what groups keep and what is distinctive of them, also for themes of pictures | `tasks/groups.py` |

A topic keeps its id and its name from night to night. Nothing leaves this machine.
"""
