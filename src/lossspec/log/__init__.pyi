from lossspec.log.reader import read_log as read_log
from lossspec.log.rows import LMHistory as LMHistory
