"""Small state that machines with one home in an object store share, below `state` there.

    shared_files.py     models, themes, topics and limits: copied to a machine, and put back when they changed
    shared_authors.py   the key that hashes authors, and the forgotten authors
    work_folder.py      the work folder of one URL, and the check of the store before it is used
    budget_lease.py     one machine at a time sends pictures for money

A home folder on a disk needs none of it.
"""
