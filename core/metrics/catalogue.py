"""Facts about every metric, as data: tooltips, report, README and result files all read them from here."""

from __future__ import annotations

import math

from core.metrics.metric_facts import Direction, MetricFacts, Scope
from core.registry import Registry

__all__ = ["METRICS", "Direction", "MetricFacts", "Scope"]

_HEUSEL = "Heusel et al., GANs trained by a two time-scale update rule, NeurIPS 2017"
_CHONG = "Chong and Forsyth, Effectively unbiased FID and Inception Score, CVPR 2020"
_BINKOWSKI = "Binkowski et al., Demystifying MMD GANs, ICLR 2018"
_SALIMANS = "Salimans et al., Improved techniques for training GANs, NeurIPS 2016"
_KYNKAANNIEMI = "Kynkäänniemi et al., Improved precision and recall metric, NeurIPS 2019"
_NAEEM = "Naeem et al., Reliable fidelity and diversity metrics for generative models, ICML 2020"
_ALAA = "Alaa et al., How faithful is your synthetic data?, ICML 2022"
_FRIEDMAN = "Friedman and Dieng, The Vendi score: a diversity evaluation metric, TMLR 2023"
_ODENA = "Odena et al., Conditional image synthesis with auxiliary classifier GANs, ICML 2017"
_BATES = "Bates et al., Testing for outliers with conformal p-values, Annals of Statistics 2023"
_CARLINI = "Carlini et al., Membership inference attacks from first principles, IEEE S&P 2022"
_CHEN = "Chen et al., GAN-Leaks: membership inference attacks against generative models, CCS 2020"
_MEEHAN = "Meehan et al., A non-parametric test to detect data-copying, AISTATS 2020"
_WESTFALL = "MedSynAudit 2026; threshold after Westfall and Young, Resampling-Based Multiple Testing, 1993"
_XING = "Xing et al., The beauty or the beast: synthetic medical images, IEEE CBMS 2023"
_MEDSYN = f"MedSynAnalyzer; {_XING}"

_HALF_SAMPLING = "half-samples of both sets without replacement, scaled to the sets' sizes"
_WILSON_SYNTHETIC = "Wilson score interval over the synthetic images"
_WILSON_REAL = "Wilson score interval over the real images"
_ONE_IMAGE = "none: one value from one mean image"

METRICS: Registry[MetricFacts] = Registry("metric")
"""Every metric by id, in the order in which tables show them."""

for _facts in (
    MetricFacts(
        id="fd",
        name="Fréchet distance",
        sentence="How far the synthetic images as a whole are from the real ones; compare it with the "
        "floor, the distance between real images and other real images, never with 0.",
        definition="|mu_r - mu_s|^2 + tr(S_r + S_s - 2 (S_r S_s)^(1/2)) of the features' means and "
        "covariances.",
        direction=Direction.LOWER,
        high=math.inf,
        unit="squared feature units",
        interval=_HALF_SAMPLING,
        paper=_HEUSEL,
    ),
    MetricFacts(
        id="fid",
        name="Fréchet Inception distance (FID)",
        sentence="How far the synthetic images as a whole are from the real ones to the eye of the network "
        "that most papers use, which was trained on photographs; few images make it larger.",
        definition="The Fréchet distance of 2048 features of the FID Inception network.",
        direction=Direction.LOWER,
        high=math.inf,
        unit="squared feature units",
        interval=_HALF_SAMPLING,
        paper=_HEUSEL,
        needs="the FID Inception weights",
    ),
    MetricFacts(
        id="fd_infinity",
        name="Fréchet distance at infinity",
        sentence="What the Fréchet distance would be with endlessly many synthetic images, so that "
        "synthetic sets of different sizes can be compared; the number of real images still counts.",
        definition="Intercept of a line through the Fréchet distances of 15 sizes of the synthetic set over "
        "1/n.",
        direction=Direction.LOWER,
        low=-math.inf,
        high=math.inf,
        unit="squared feature units",
        interval="the fit repeated on half-samples of both sets without replacement",
        paper=_CHONG,
    ),
    MetricFacts(
        id="fid_infinity",
        name="FID-infinity",
        sentence="What the FID would be with endlessly many synthetic images, so that "
        "synthetic sets of different sizes can be compared; the number of real images still counts.",
        definition="Intercept of a line through the FID values of 15 sizes of the synthetic set over 1/n.",
        direction=Direction.LOWER,
        low=-math.inf,
        high=math.inf,
        unit="squared feature units",
        interval="the fit repeated on half-samples of both sets without replacement",
        paper=_CHONG,
    ),
    MetricFacts(
        id="kid",
        name="Kernel distance (KID)",
        sentence="How far the synthetic images as a whole are from the real ones, fair also for few images; "
        "values around 0, even slightly negative, mean no difference was found.",
        definition="Unbiased squared maximum mean discrepancy with the kernel (x.y/d + 1)^3, mean over "
        "subsets.",
        direction=Direction.LOWER,
        low=-math.inf,
        high=math.inf,
        unit="",
        interval="spread over subsets, scaled from the subsets' size to the sets'",
        paper=_BINKOWSKI,
    ),
    MetricFacts(
        id="inception_score",
        name="Inception score",
        sentence="Whether a photograph classifier sees clear and varied objects in the synthetic images; it "
        "never looks at the real images and says little about medical ones.",
        definition="exp of the mean divergence KL(p(y|x) || p(y)) of class probabilities, mean over 10 "
        "splits.",
        direction=Direction.HIGHER,
        low=1.0,
        high=math.inf,
        unit="",
        interval="Student interval over disjoint splits",
        paper=_SALIMANS,
        needs="an extractor with class logits",
        scope=Scope.SYNTHETIC_ALONE,
    ),
    MetricFacts(
        id="fir",
        name="Fake identification rate (FIR)",
        sentence="How many of the synthetic images people recognise as fake; compare it with the floor, how "
        "many real images the same people call fake, since whoever guesses calls half of both fake.",
        definition="Share of the answers to synthetic images of a blinded rating session that say fake; "
        "where a real image stands beside each, the share of pairs in which the fake one is named.",
        direction=Direction.LOWER,
        interval="Wilson score interval over the answers, widened where raters or images differ",
        paper=_XING,
        needs="a finished rating session",
    ),
    MetricFacts(
        id="precision",
        name="Precision",
        sentence="How many of the synthetic images look like they could be real; a set of one good image "
        "repeated also scores high.",
        definition="Share of synthetic images inside the k-nearest-neighbour ball of any real image.",
        direction=Direction.HIGHER,
        interval=_WILSON_SYNTHETIC,
        paper=_KYNKAANNIEMI,
    ),
    MetricFacts(
        id="recall",
        name="Recall",
        sentence="How much of the variety of the real images the synthetic set reaches; a few odd synthetic "
        "images can raise it.",
        definition="Share of real images inside the k-nearest-neighbour ball of any synthetic image.",
        direction=Direction.HIGHER,
        interval=_WILSON_REAL,
        paper=_KYNKAANNIEMI,
    ),
    MetricFacts(
        id="density",
        name="Density",
        sentence="How densely the synthetic images sit where real images are; around 1 is like fresh real "
        "images, and far above 1 means crowding around the most typical ones.",
        definition="Mean number of real k-nearest-neighbour balls that hold a synthetic image, divided by k.",
        direction=Direction.HIGHER,
        high=math.inf,
        unit="",
        interval="bootstrap over the synthetic images",
        paper=_NAEEM,
    ),
    MetricFacts(
        id="coverage",
        name="Coverage",
        sentence="How many of the real images have a synthetic image near them; fewer synthetic images "
        "cover less, so compare sets of equal size.",
        definition="Share of real images whose own k-nearest-neighbour ball holds a synthetic image.",
        direction=Direction.HIGHER,
        interval=_WILSON_REAL,
        paper=_NAEEM,
    ),
    MetricFacts(
        id="fidelity",
        name="Fidelity",
        sentence="How many of the synthetic images are as close to a training image as real images are to "
        "each other; copies count as faithful here.",
        definition="Share of synthetic images in the copy set or the real set.",
        direction=Direction.HIGHER,
        interval=_WILSON_SYNTHETIC,
        paper=_MEDSYN,
    ),
    MetricFacts(
        id="privacy",
        name="Privacy",
        sentence="How many of the synthetic images are not suspiciously close to a training image; a fresh "
        "real image often falls into the copy set too, so compare with held-out images before suspecting "
        "copying.",
        definition="Share of synthetic images outside the copy set, whose members are nearer to a real "
        "image than that image's nearest real neighbour.",
        direction=Direction.HIGHER,
        interval=_WILSON_SYNTHETIC,
        paper=_MEDSYN,
    ),
    MetricFacts(
        id="precision_privacy",
        name="Precision with privacy",
        sentence="How many of the synthetic images look like they could be real without being suspiciously "
        "close to a training image; fresh real images do not reach 1 either.",
        definition="Share of synthetic images in the real set, that is in a real k-ball but not in the copy "
        "set.",
        direction=Direction.HIGHER,
        interval=_WILSON_SYNTHETIC,
        paper=_MEDSYN,
    ),
    MetricFacts(
        id="feature_std",
        name="Feature standard deviation",
        sentence="How much the synthetic images differ from each other; near 0 the generator makes the same "
        "image again and again, and noise raises it as well as variety.",
        definition="Mean over dimensions of the standard deviation of the synthetic features.",
        direction=Direction.HIGHER,
        high=math.inf,
        unit="feature units",
        interval="half-samples of the synthetic set without replacement, scaled to its size",
        paper=_MEDSYN,
        scope=Scope.SYNTHETIC_ALONE,
    ),
    MetricFacts(
        id="vendi_score",
        name="Vendi score",
        sentence="How many entirely different images the synthetic set is worth; it grows with the number of "
        "images, so compare sets of equal size, and noise raises it as well as variety.",
        definition="exp of the entropy of the eigenvalues of K / n, K the cosine similarities of the n "
        "images' features.",
        direction=Direction.HIGHER,
        low=1.0,
        high=math.inf,
        unit="effective images",
        interval="half-samples of the synthetic set without replacement, scaled to its size",
        paper=_FRIEDMAN,
        scope=Scope.SYNTHETIC_ALONE,
    ),
    MetricFacts(
        id="ms_ssim",
        name="Mean pairwise MS-SSIM",
        sentence="How alike two synthetic images of one class look on average, from 0 for nothing in common "
        "to 1 for the same image; well above the real images' own value the images repeat each other, and "
        "noise lowers it as well as variety.",
        definition="Mean multi-scale structural similarity of random pairs of images of one class, at the "
        "mean images' size but at most 256 pixels, over those of the five scales that fit; of volumes, its "
        "mean over up to 16 axial slices at the same places of both, at the mean volumes' size.",
        direction=Direction.LOWER,
        unit="",
        interval="spread over images and over pairs, told apart by the pairs that share an image",
        paper=_ODENA,
        needs="the images themselves, of at least 11 pixels a side",
        scope=Scope.SYNTHETIC_ALONE,
    ),
    MetricFacts(
        id="mean_image_png_bytes",
        name="Size of the mean image as PNG (bytes)",
        sentence="How sharp the average of all synthetic images still is: the more the images differ, the "
        "blurrier their average and the smaller its file; compare only sets of equal size and resolution.",
        definition="Bytes of the mean image saved as PNG; of volumes, of one picture with all axial slices "
        "of the mean volume side by side.",
        direction=Direction.LOWER,
        high=math.inf,
        unit="bytes",
        interval=_ONE_IMAGE,
        paper=_MEDSYN,
        needs="the images themselves",
        scope=Scope.SYNTHETIC_ALONE,
    ),
    MetricFacts(
        id="mean_image_ljpeg_bytes",
        name="Size of the mean image as lossless JPEG (bytes)",
        sentence="The same as the PNG size, with the file format of the paper: smaller means that the "
        "synthetic images differ more from each other.",
        definition="Bytes of the mean image saved as lossless JPEG; of volumes, of one picture with all "
        "axial slices of the mean volume side by side.",
        direction=Direction.LOWER,
        high=math.inf,
        unit="bytes",
        interval=_ONE_IMAGE,
        paper=_XING,
        needs="the images themselves",
        scope=Scope.SYNTHETIC_ALONE,
    ),
    MetricFacts(
        id="variety",
        name="Variety",
        sentence="How varied a synthetic set is among the sets compared here, from 0 for the least to 1 for "
        "the most varied; it says nothing outside this comparison.",
        definition="1 - (size - min) / (max - min) of the mean images' file sizes over the compared sets.",
        direction=Direction.HIGHER,
        unit="",
        interval="none: a rank-like position among the compared sets",
        paper=_MEDSYN,
        needs="at least two sets with mean images of different sizes",
        scope=Scope.COMPARED_SETS,
    ),
    MetricFacts(
        id="mm_fid",
        name="Multi-model multi-scale Fréchet distance (MM-FID)",
        sentence="How far the synthetic images are from the real ones over several networks and image sizes "
        "at once; each network is rescaled, so it shows evenness over sizes rather than overall distance.",
        definition="Mean over extractors and resolutions of Fréchet distances, each extractor's row divided "
        "by its Euclidean length across resolutions.",
        direction=Direction.LOWER,
        unit="",
        interval="none: extractors and resolutions are no random draws; the spread over them is given "
        "instead",
        paper=_MEDSYN,
        needs="several resolutions, on request",
    ),
    MetricFacts(
        id="mm_std",
        name="Multi-model multi-scale standard deviation (MM-STD)",
        sentence="How much the synthetic images differ from each other over several networks and image "
        "sizes at once; each network is rescaled, so it shows evenness over sizes rather than overall "
        "variety.",
        definition="Mean over extractors and resolutions of feature standard deviations, each extractor's "
        "row divided by its Euclidean length across resolutions.",
        direction=Direction.HIGHER,
        unit="",
        interval="none: extractors and resolutions are no random draws; the spread over them is given "
        "instead",
        paper=_MEDSYN,
        needs="several resolutions, on request",
        scope=Scope.SYNTHETIC_ALONE,
    ),
    MetricFacts(
        id="authenticity",
        name="Authenticity",
        sentence="How many of the synthetic images keep a natural distance from the training image most "
        "like them; fresh real images score little more than one half, not 1.",
        definition="Share of synthetic images further from their nearest real image than that image's "
        "nearest real neighbour is.",
        direction=Direction.HIGHER,
        interval=_WILSON_SYNTHETIC,
        paper=_ALAA,
    ),
    MetricFacts(
        id="flagged",
        name="Flagged images",
        sentence="How many of the synthetic images lie nearer to a training image than hardly any innocent "
        "image does; a share about as large as the floor is what chance gives, so look at the excess.",
        definition="Share of images whose ratio rho (distance to the nearest training image over that "
        "image's own distance to its nearest other) has a one-sided p-value within the false-flag rate.",
        direction=Direction.LOWER,
        interval=_WILSON_SYNTHETIC,
        paper=_BATES,
    ),
    MetricFacts(
        id="flag_excess",
        name="Excess of flagged images",
        sentence="How many more of the synthetic images are flagged than of innocent ones; an estimate of "
        "the share of copies, and an interval that holds 0 means that none is proven.",
        definition="Share of flagged images minus the rate at which innocent images are flagged.",
        direction=Direction.LOWER,
        low=-1.0,
        unit="difference of shares",
        interval="Newcombe hybrid score interval, both sets' chance included",
        paper=_BATES,
    ),
    MetricFacts(
        id="repeated",
        name="Same picture as a training image",
        sentence="How many of the synthetic images show the very picture of a training image, also mirrored, "
        "turned, shifted, cropped or with another contrast; every such image is to be looked at.",
        definition="Share of images whose fine detail correlates above 0.92 with a training image after "
        "alignment.",
        direction=Direction.LOWER,
        interval=_WILSON_SYNTHETIC,
        paper="MedSynAudit 2026; correlation after Lewis, Fast normalized cross-correlation, 1995",
    ),
    MetricFacts(
        id="copy_excess",
        name="Excess copy rate",
        sentence="How many more of the synthetic images than of innocent ones are nearer to a training image "
        "than that image's own neighbour is; near 0 for an honest generator, whatever the base rate.",
        definition="Share of synthetic images with rho below 1 minus the same share of innocent images.",
        direction=Direction.LOWER,
        low=-1.0,
        unit="difference of shares",
        interval="Newcombe hybrid score interval, both sets' chance included",
        paper=_ALAA,
    ),
    MetricFacts(
        id="membership_auc",
        name="Membership inference (AUROC)",
        sentence="How well someone who has the synthetic images can tell which real images the generator was "
        "trained on; 0.5 is guessing.",
        definition="Area under the ROC curve of the distance to the nearest synthetic image, training "
        "against held-out images.",
        direction=Direction.LOWER,
        unit="",
        interval="DeLong",
        paper=_CHEN,
        needs="a held-out set",
    ),
    MetricFacts(
        id="membership_power",
        name="Membership inference at 1 % false alarms",
        sentence="How many training images someone who has the synthetic ones can name while hardly ever "
        "being wrong; 0.01 is guessing.",
        definition="True-positive rate of that attack where 1 % of the held-out images are called members.",
        direction=Direction.LOWER,
        interval="bootstrap over training and held-out images",
        paper=_CARLINI,
        needs="a held-out set of at least 100 images",
    ),
    MetricFacts(
        id="ct_score",
        name="CT score",
        sentence="Whether synthetic images lie nearer to training images than held-out ones do: clearly "
        "below 0 means copying, clearly above 0 that they keep away from the real images altogether.",
        definition="Mean over k-means cells of the z-scored Mann-Whitney statistic of distances to the "
        "training images, synthetic against held-out.",
        direction=Direction.NONE,
        low=-math.inf,
        high=math.inf,
        unit="standard deviations",
        interval="DeLong's variance of each cell's statistic",
        paper=_MEEHAN,
        needs="a held-out set",
    ),
    MetricFacts(
        id="bias_inheritance",
        name="Inherited suspect sign",
        sentence="How much of the sign that gives the class away at the most suspect place of the real "
        "images, such as a letter in a corner, the synthetic images carry, from 0 for none to 1 for all; "
        "where that place turns out to be disease or anatomy they should carry it, so look at it first.",
        definition="Share (A_s - 0.5) / (A_r - 0.5) of the areas under the ROC curve of patches in the real "
        "set's first suspect region: A_r cross-validated in the real set, A_s of the probe that learned on "
        "it and is tested on the synthetic set.",
        direction=Direction.LOWER,
        low=-math.inf,
        high=math.inf,
        unit="share of the real set's signal",
        interval="bootstrap over the patients of both sets",
        paper=_WESTFALL,
        needs="two or more classes",
    ),
):
    METRICS.register(_facts.id, _facts)
