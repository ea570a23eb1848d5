"""Controls of the page Loss against metric."""

from lossviz.ui.address import registry_labels
from lossviz.ui.controls import Choice, Slider


class Metric:
    """Loss against metric. Datasets and measures are named as in `DATASETS` and `lv.metrics.MEASURES`."""

    view = Choice("metric_view", "View", ("Training", "Threshold", "Calibration"), "Training")

    step = Slider("metric_step", "Step", 0, 300, 270, 3, "The step at which you would stop training")
    measure = Choice(
        "metric_measure",
        "Metric",
        ("accuracy", "f1", "roc-auc", "brier"),
        "accuracy",
        "What is drawn below the loss, if classes are predicted",
        registry_labels("metrics.MEASURES"),
    )
    error = Choice(
        "metric_error",
        "Metric",
        ("rmse", "mae", "r2"),
        "rmse",
        "What is drawn below the loss, if a number is predicted",
        registry_labels("metrics.MEASURES"),
    )
    data = Choice(
        "metric_data",
        "Data",
        ("digits", "breast-cancer", "diabetes"),
        "digits",
        "What is learned; for diabetes a number is predicted",
        registry_labels("DATASETS"),
    )
    seed = Slider(
        "metric_seed", "Seed", 0, 9, 0, 1, "Another training set and another initialization: is it luck?"
    )
    training_controls = (step, measure, error, data, seed)

    threshold = Slider(
        "metric_cut",
        "Threshold",
        -7.6,
        7.6,
        0.0,
        0.2,
        "The log-odds from which on the answer is yes; 0 is 50 %",
    )
    predictor = Choice(
        "metric_who",
        "Classifier",
        ("a model", "timid three", "bold three"),
        "a model",
        "A model trained on 200 patients, or three predictions made by hand",
        {"a model": "Trained model", "timid three": "Three timid", "bold three": "Three bold"},
    )
    threshold_controls = (threshold, predictor)

    calibration_step = Slider("metric_seen", "Step", 0, 300, 300, 3, "How long the model has been trained")
    calibration_data = Choice(
        "metric_about",
        "Data",
        ("digits", "breast-cancer"),
        "digits",
        "What is learned",
        registry_labels("DATASETS"),
    )
    calibration_seed = Slider(
        "metric_draw", "Seed", 0, 9, 0, 1, "Another training set and another initialization: is it luck?"
    )
    calibration_controls = (calibration_step, calibration_data, calibration_seed)
    all = (view, *training_controls, *threshold_controls, *calibration_controls)
