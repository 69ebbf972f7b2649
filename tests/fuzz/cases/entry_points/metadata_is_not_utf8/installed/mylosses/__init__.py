import pathlib
pathlib.Path('it-ran').touch()
