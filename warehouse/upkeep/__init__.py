"""Files of the home folder, and what leaves it.

    picture_files.py  files of pictures: missing, damaged, or of no row
    former_caches.py  caches of an earlier version, which nothing reads
    room.py           what takes how much room on the disk
    forgetting.py     removing an account or an author

The caller holds the lock of the home folder.
"""
