//! Power-law exponent of an eigenspectrum.

use std::path::PathBuf;

use clap::{
    Parser, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use crate::{
    Error, Result, cli,
    files::{
        read::{Rows, Source},
        write::{self, Output},
    },
    report::figures::{self, FittedLine, LabelledSpectrum, LayerSpectra},
    spectrum::powerlaw::{self, Fit, Grid, Method, Order, Ranks},
};

/// Fit alpha of lambda_n ~ n^-alpha to an eigenspectrum, as JSON lines
///
/// Writes one line per layer, rank range and method: layer (null if the spectrum is of one
/// matrix), units, positive (number of eigenvalues above 1e-10 of the largest), rank_first
/// and rank_last (the range as given), points (number of ranks used), method, alpha, stderr, intercept,
/// r2, curvature (the quadratic coefficient of a fit in ln n: 0 for a power law),
/// participation_ratio, effective_rank, warnings. effective_rank is exp of the entropy of the
/// eigenvalues divided by their sum; Roy and Vetterli use the singular values, the square roots
/// of these eigenvalues. alpha is the exponent of the ranks; the exponent of the eigenvalues'
/// density is 1 + 1/alpha.
///
/// Eigenvalues in ascending order, as NumPy and SciPy give them, are reversed, with a notice on
/// stderr. Negative round-off, at most 1e-10 of the largest eigenvalue, counts as 0.
///
/// With --draws the rows are draws of one spectrum, such as spectrum --subsample writes. The
/// output is then one line per range and method: draws, alpha, alpha_sd, participation_ratio
/// and its standard deviation. If each draw has half of the samples, alpha_sd estimates the
/// standard error of alpha for all samples.
#[derive(Parser)]
#[command(
    version,
    after_help = "Example:\n  fit-powerlaw --ranks 1-50 --ranks 11-100 spectrum.npy\n\nHow to compute what others publish:\n  Stringer et al. 2019   spectrum --repeat A B | fit-powerlaw --as-ranked --ranks 11-500\n                         --method weighted: ranks 11 to 500 of cvPCA, weights 1/n.\n                         Their code differs: it exchanges the repeats of each stimulus\n                         at random, ten times, and fits the absolute values of the\n                         mean spectrum up to rank min(500, n - 2)\n  Jiang et al. 2021      --method ols; their ranks are not known here\n  density of eigenvalues, p(lambda) ~ lambda^-a (package powerlaw, Hill's estimator):\n                         --method mle; a = 1 + 1/alpha\n\nWarnings:\n  cut-at-positive  LAST is beyond the last positive eigenvalue\n  too-few-ranks    fewer than 3 ranks are left: alpha is null\n  bent             a quadratic fit is flat at one end of the ranks: not a power law\n  no-variance      no eigenvalue is positive, as in a dead layer: alpha is null\n\nSources: Stringer et al., Nature 571, 361 (2019); Hill, Ann. Stat. 3, 1163 (1975); BIC: Schwarz, Ann. Stat. 6, 461 (1978); Politis, Romano and Wolf, Subsampling (1999)"
)]
struct Args {
    /// Eigenvalues, floating point or integers, (units,), a column or a row of them, or (layers,
    /// units), largest or smallest first; - for stdin
    #[arg(default_value = "-")]
    spectrum: PathBuf,
    /// Ranks to fit, counted from 1, both included (repeatable)
    #[arg(long, value_name = "FIRST-LAST", default_value = "1-50")]
    ranks: Vec<Ranks>,
    /// Instead of --ranks: fit every range from one of the FIRST ranks to one of the LAST ranks
    #[arg(long, value_name = "FIRST,...:LAST,...", conflicts_with = "ranks")]
    grid: Option<Grid>,
    /// Local slopes: split each range into N windows, at most 10000, in all of which the ratio of
    /// last to first rank is the same [default: no split]
    #[arg(long, value_name = "N", value_parser = cli::count_to::<10_000>)]
    windows: Option<usize>,
    /// How alpha is estimated (repeatable)
    #[arg(long, value_name = "NAME", default_value = "ols", value_parser = methods())]
    method: Vec<Methods>,
    /// Is it a power law? Also fit an exponential, lambda_n ~ e^(-k n), and a broken power law, of two
    /// slopes that meet at a rank, to the logarithms of the same ranks. Adds the keys preferred (power-law,
    /// exponential or broken: the lowest BIC), bic (of each), break (the rank where the slopes meet) and
    /// effective_points (the number of ranks in the BIC: less than points, because the residuals of
    /// neighbouring ranks are correlated)
    #[arg(long, conflicts_with = "draws")]
    compare: bool,
    /// Keep the order of the values, for the output of spectrum --repeat: rank 1 is the first value,
    /// and the last rank is the one before the first value that is not positive
    #[arg(long)]
    as_ranked: bool,
    /// The rows are draws of one spectrum: write the mean and standard deviation over them
    #[arg(long)]
    draws: bool,
    /// Also draw to this file, as SVG, each spectrum on logarithmic axes, one panel per layer, with the
    /// fitted lines over their ranks and their alpha (mle gives no line)
    #[arg(long, value_name = "FILE", conflicts_with = "draws")]
    figure: Option<PathBuf>,
    /// JSON lines to write; - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    table: cli::Table,
    #[command(flatten)]
    common: cli::Common,
}

/// One method, or all.
#[derive(Clone)]
struct Methods(Vec<Method>);

fn methods() -> impl TypedValueParser<Value = Methods> {
    let each = Method::ALL.iter().filter_map(ValueEnum::to_possible_value);
    let all = PossibleValue::new("all").help("All three, one line each");
    PossibleValuesParser::new(each.chain([all])).map(|name| {
        let one = Method::ALL.into_iter().find(|method| method.name() == name);
        Methods(one.map_or(Method::ALL.to_vec(), |method| vec![method]))
    })
}

fn run(args: Args) -> Result<()> {
    cli::check_streams(&[&args.spectrum], &[Some(&args.output), args.figure.as_deref()])?;
    let ranges = ranges(&args)?;
    let chosen = |method: &Method| args.method.iter().any(|of| of.0.contains(method));
    let methods: Vec<Method> = Method::ALL.into_iter().filter(chosen).collect();
    let order = if args.as_ranked { Order::AsGiven } else { Order::Falling };
    let mut spectra = Rows::<f64>::spectra(Source::open(&args.spectrum)?)?;
    let stacked = spectra.layers().is_some();
    if args.draws && !stacked {
        return Err(spectra.wrong("has one spectrum (expected draws, (draws, units))"));
    }
    let mut fits: Vec<Fit> = Vec::new();
    let mut panels: Vec<LayerSpectra> = Vec::new();
    let (mut rows, mut reversed) = (0, 0);
    while let Some(block) = spectra.next_block(1)? {
        let mut lambda = block.values.into_raw_vec_and_offset().0;
        rows += 1;
        if !args.as_ranked && powerlaw::is_ascending(&lambda) {
            lambda.reverse();
            reversed += 1;
        }
        let layer = stacked.then_some(block.matrix + 1);
        let first = fits.len();
        for &ranks in &ranges {
            for &method in &methods {
                let fit = powerlaw::fit(&lambda, layer, ranks, method, order);
                let mut fit = fit.map_err(|e| e.in_file(spectra.name()))?;
                fit.comparison = args.compare.then(|| powerlaw::compare(&lambda, ranks));
                fits.push(fit);
            }
        }
        if args.figure.is_some() {
            panels.push(panel(layer, lambda, &fits[first..]));
        }
    }
    match reversed {
        0 => {}
        _ if reversed == rows => {
            args.common.notice(spectra.name(), "is in ascending order: taken in reverse");
        }
        _ => args.common.notice(
            spectra.name(),
            &format!("has {reversed} of {rows} rows in ascending order: taken in reverse"),
        ),
    }
    if fits.iter().all(|fit| fit.positive == 0) {
        cli::warn(
            spectra.name(),
            "has no positive eigenvalue: every unit is constant, alpha is null",
        );
    }
    if args.draws {
        return args.table.write(&args.output, &powerlaw::spread(&fits))?.finish();
    }
    let mut outputs = vec![args.table.write(&args.output, &fits)?];
    if let Some(file) = &args.figure {
        let mut figure = Output::create(file)?;
        figure.text(&figures::spectra(&panels))?;
        outputs.push(figure);
    }
    write::finish_all(outputs)
}

/// A spectrum with its fits.
fn panel(layer: Option<usize>, eigenvalues: Vec<f64>, fits: &[Fit]) -> LayerSpectra {
    let fits = fits.iter().filter_map(FittedLine::of).collect();
    LayerSpectra {
        title: layer.map_or("spectrum".into(), figures::layer_name),
        spectra: vec![LabelledSpectrum { label: "eigenvalues".into(), eigenvalues, fits }],
    }
}

/// The ranges asked for, or the windows of each.
fn ranges(args: &Args) -> Result<Vec<Ranks>> {
    let ranges = args.grid.as_ref().map_or(&args.ranks, |grid| &grid.0);
    let Some(count) = args.windows else { return Ok(ranges.clone()) };
    let windows: Vec<Ranks> = ranges.iter().flat_map(|ranks| ranks.windows(count)).collect();
    if windows.is_empty() {
        return Err(Error::usage(format!(
            "--windows {count} leaves no window of at least three ranks"
        )));
    }
    Ok(windows)
}

tool!(run);
