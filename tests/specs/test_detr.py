"""detr, from the official weights: each loss summed over the decoder layers; two values only logged."""


def tensors(draw, **more):
    lists = {f"loss_{name}": [()] * 6 for name in ("ce", "bbox", "giou")}
    return draw(**lists, cardinality_error=(), class_error=(), **more)


def terms(t):
    return {
        "ce": sum(t.loss_ce),
        "bbox": sum(t.loss_bbox),
        "giou": sum(t.loss_giou),
        "cardinality": t.cardinality_error,
        "class_error": t.class_error,
    }


def test_boxes(check, draw):
    t = tensors(draw)
    total = sum(t.loss_ce) + 5 * sum(t.loss_bbox) + 2 * sum(t.loss_giou)
    check("detr", "total", t, terms(t), total)


def test_masks(check, draw):
    t = tensors(draw, loss_mask=(), loss_dice=())
    total = sum(t.loss_ce) + 5 * sum(t.loss_bbox) + 2 * sum(t.loss_giou) + t.loss_mask + t.loss_dice
    check("detr+panoptic", "total", t, terms(t) | {"mask": t.loss_mask, "dice": t.loss_dice}, total)
