from lossspec.report.run.page import write_report as write_report
from lossspec.report.run.plot import plot_run as plot_run
from lossspec.report.run.summary import first_and_last as first_and_last
