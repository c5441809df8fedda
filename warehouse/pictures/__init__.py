"""The files of the stored pictures: `pictures/ab/SHA.ending`, below the home folder.

    files.py   what every stage does with them
    local.py   files on a disk
    stored.py  objects of an object store

Stages take `Home.picture_files` and never join paths themselves, so the pictures may be in another place.
"""
