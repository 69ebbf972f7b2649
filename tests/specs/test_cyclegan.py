"""cyclegan, from the official code: least squares, two cycles, two identities at half of their weights."""

IMAGES = dict.fromkeys(("real_A", "real_B", "rec_A", "rec_B", "idt_A", "idt_B"), (2, 3, 4, 4))
SCORES = dict.fromkeys(("pred_A_fake", "pred_B_fake", "pred_A_real", "pred_B_real"), (2, 1, 3, 3))


def l1(x, y):
    return (x - y).abs().mean()


def square(scores, target):
    return ((scores - target) ** 2).mean()


def generators(t):
    return {
        "G_A": square(t.pred_A_fake, 1),
        "G_B": square(t.pred_B_fake, 1),
        "cycle_A": l1(t.rec_A, t.real_A),
        "cycle_B": l1(t.rec_B, t.real_B),
        "idt_A": l1(t.idt_A, t.real_B),
        "idt_B": l1(t.idt_B, t.real_A),
    }


def total(terms, lambda_a, lambda_b, lambda_idt):
    cycles = lambda_a * terms["cycle_A"] + lambda_b * terms["cycle_B"]
    identities = lambda_idt * (lambda_b * terms["idt_A"] + lambda_a * terms["idt_B"])
    return terms["G_A"] + terms["G_B"] + cycles + identities


def test_generators(check, draw):
    t = draw(**IMAGES, **SCORES)
    check("cyclegan", "G", t, generators(t), total(generators(t), 10, 10, 0.5))


def test_identity_terms_weigh_as_their_target_domain(check, draw):
    t = draw(**IMAGES, **SCORES)
    params = {"lambda_A": 3.0, "lambda_B": 7.0, "lambda_idt": 0.1}
    check("cyclegan", "G", t, generators(t), total(generators(t), 3, 7, 0.1), params=params)


def test_discriminators(check, draw):
    t = draw(**SCORES)
    for domain, fake, real in (("A", t.pred_A_fake, t.pred_A_real), ("B", t.pred_B_fake, t.pred_B_real)):
        terms = {f"D_{domain}_real": square(real, 1), f"D_{domain}_fake": square(fake, 0)}
        check("cyclegan", f"D_{domain}", t, terms, 0.5 * sum(terms.values()))


def test_the_papers_has_no_identity(check, draw):
    t = draw(**IMAGES, **SCORES)
    terms = {name: value for name, value in generators(t).items() if not name.startswith("idt")}
    check("cyclegan+paper", "G", t, terms, total(generators(t), 10, 10, 0))


def test_the_identity_of_mmgeneration_has_an_absolute_weight(check, draw):
    t = draw(**IMAGES, **SCORES)
    terms = generators(t)
    expected = total(terms, 10, 10, 0) + 0.5 * (terms["idt_A"] + terms["idt_B"])
    check("cyclegan+mmgeneration", "G", t, terms, expected)
