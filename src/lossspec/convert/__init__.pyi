from lossspec.convert.importer import import_document as import_document
from lossspec.convert.importer import import_file as import_file
from lossspec.convert.model import Carried as Carried
from lossspec.convert.model import Imported as Imported
from lossspec.convert.model import Missing as Missing
from lossspec.convert.toml import to_toml as to_toml
