"""The balancers that a manager is tested with: their arguments, and the tensors that they take."""

BALANCERS = {
    "DynamicWeightAverage": {},
    "EMANormalization": {"decay": 0.9},
    "GradNorm": {"lr": 0.2},
    "LearningRateAnnealing": {"reference": "a", "every": 2},
    "ReLoBRaLo": {"beta": 0.5},
    "SoftAdapt": {},
    "UncertaintyWeighting": {},
}
INPUTS = {"GradNorm": ["layer"], "LearningRateAnnealing": ["parameters"]}
