from lossspec.log.points import Point as Point
from lossspec.log.points import SeriesPoint as SeriesPoint
from lossspec.log.protocol import Run as Run
from lossspec.log.protocol import Writer as Writer
from lossspec.log.reading.reader import read_log as read_log
from lossspec.log.rows import LMHistory as LMHistory
