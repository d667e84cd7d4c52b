"""The lessons of the course: the number and title of each, and a sentence about what is in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """One notebook of the course."""

    number: str
    title: str
    sentence: str

    @property
    def part(self) -> int:
        """1: from the slope to Adam; 2: after Adam; 0 for the glossary, which belongs to both."""
        return 0 if self is LESSONS[-1] else 1 if self.number < "10" else 2

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


LESSONS = (
    Lesson(
        "00",
        "Start here: walking in fog",
        "What it means to train a model: a walk in fog, one step downhill, and why random steps lead nowhere.",
    ),
    Lesson(
        "01",
        "Numeric gradient",
        "The gradient from the loss alone: what it costs, how wrong it is, and why a smaller step is not always better.",
    ),
    Lesson(
        "02",
        "Analytic gradient and the gradient check",
        "The chain rule, from the loss back to every weight of a network, and the check that finds the errors in it.",
    ),
    Lesson(
        "03",
        "Gradient descent",
        "The loop that all others improve: the learning rate, the condition number, saddles, and when it runs away.",
    ),
    Lesson(
        "04",
        "Stochastic gradient descent",
        "A handful of images instead of all of them: what a minibatch estimates, and why it never quite settles.",
    ),
    Lesson(
        "05",
        "Momentum",
        "A walker with a velocity: why adding up gradients helps along the valley, and what makes the ripples die out.",
    ),
    Lesson(
        "06",
        "AdaGrad",
        "A learning rate for every parameter, from its own slopes: where that shines, and why it stalls.",
    ),
    Lesson(
        "07",
        "RMSProp",
        "AdaGrad with a leak: old squares fade, and the stall is gone.",
    ),
    Lesson(
        "08",
        "Adam",
        "Momentum and RMSProp at once, line by line: bias correction, weight decay, and a problem that defeats it.",
    ),
    Lesson(
        "09",
        "The race: choosing an optimizer",
        "Six algorithms, one network, a fair comparison; then you build an optimizer of your own.",
    ),
    Lesson(
        "11",
        "Curvature: the second derivative as a map",
        "Newton's step, what makes it safe, and L-BFGS: what the bend of the loss buys, and why networks are not trained so.",
    ),
    Lesson(
        "12",
        "Automatic differentiation: who wrote that gradient?",
        "Pairs forward, a tape backward, and a Hessian that nobody writes down: how a program differentiates itself, exactly.",
    ),
    Lesson(
        "13",
        "The edge of stability",
        "Why the largest curvature of a network stops where the learning rate says, and what becomes of a run that is too hot.",
    ),
    Lesson(
        "14",
        "Noise: batch size, clipping, averaging",
        "How large a batch is worth its price, what clipping keeps and what it loses, and when averaged weights are better.",
    ),
    Lesson(
        "15",
        "After Adam: one idea, another norm",
        "Sign descent, Lion, Shampoo and Muon take the steepest step, each by its own ruler; Schedule-Free takes a mean.",
    ),
    Lesson(
        "16",
        "The claims audit: race II",
        'What must be asked of "X beats Adam", and eight such claims, audited: two of this course, six of papers.',
    ),
    Lesson(
        "99",
        "Glossary",
        "Every symbol, every name in the code and every word, with the lesson that explains it.",
    ),
)
PARTS = {1: "Part one: from a slope to Adam", 2: "Part two: after Adam", 0: "For both parts"}
BY_NUMBER = {lesson.number: lesson for lesson in LESSONS}


def title_of(number: str) -> str:
    """The lesson's number and title; the number alone where the course has no such lesson."""
    return str(BY_NUMBER.get(number, number))
