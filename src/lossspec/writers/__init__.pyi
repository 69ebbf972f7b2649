from lossspec.writers.csv import CsvWriter as CsvWriter
from lossspec.writers.mlflow import MLflowWriter as MLflowWriter
from lossspec.writers.tensorboard import TensorBoardWriter as TensorBoardWriter
from lossspec.writers.wandb import WandbWriter as WandbWriter
