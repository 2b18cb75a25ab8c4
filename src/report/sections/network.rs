//! One network: its training, its spectra, and what it predicts for attacked images.

use std::collections::BTreeSet;

use maud::{Markup, html};
use ndarray::ArrayView1;

use super::noise;
use crate::{
    report::{
        figures::{
            self, Curve, FittedLine, LabelledSpectrum, LayerSpectra, Point, Sample, SampleRow,
            layer_name,
        },
        html::{FigureList, Section},
        study_files::{LevelImages, LevelSpectra, StudyFiles},
    },
    spectrum::powerlaw::Fit,
    study::table::Estimator,
    train::Progress,
};

/// The network of the first seed of the first rule.
pub fn one_network(study: &StudyFiles, figures: &mut FigureList) -> Section {
    let body = html! {
        @if !study.history.is_empty() { (training(study, figures)) }
        (spectra(study, figures))
        @if let Some(first) = study.images.first() { (images(study, first.pixels.ncols(), figures)) }
    };
    let heading = format!("One network: {}, seed {}", study.main_rule().title(), study.seed);
    Section::new(heading, body)
}

fn training(study: &StudyFiles, figures: &mut FigureList) -> Markup {
    let layers: BTreeSet<usize> = study.history.iter().map(|progress| progress.layer).collect();
    let curves = |value: fn(&Progress) -> Option<f64>| -> Vec<Curve> {
        let curve = |layer: &usize| {
            let of_layer = study.history.iter().filter(|progress| progress.layer == *layer);
            let point = |progress: &Progress| Point::new(progress.epoch as f64, value(progress));
            Curve { label: layer_name(*layer), points: of_layer.map(point).collect() }
        };
        layers.iter().map(curve).collect()
    };
    let errors = curves(|progress| progress.test_error);
    let losses = curves(|progress| Some(progress.train_loss));
    let caption = "Test error and training loss, one line per layer with a readout.";
    figures.add("training", figures::training(&errors, &losses), &study.network_shown(), caption)
}

fn spectra(study: &StudyFiles, figures: &mut FigureList) -> Markup {
    let layers = study.spectra[0].eigenvalues.len();
    let spectra: Vec<_> = (1..=layers).map(|layer| spectra_of(study, layer)).collect();
    figures.add(
        "spectra",
        figures::spectra(&spectra),
        &study.network_shown(),
        "Eigenvalues against rank, for clean and attacked images, with the power laws fitted over the \
         headline's ranks. Noise of the same shape and variance has the spectrum of Marchenko and Pastur.",
    )
}

fn spectra_of(study: &StudyFiles, layer: usize) -> LayerSpectra {
    let labelled = |of: &LevelSpectra| {
        let is_shown =
            |fit: &&Fit| fit.layer.unwrap_or(1) == layer && study.headline == Estimator::of(fit);
        LabelledSpectrum {
            label: of.level.title(&study.catalogue, " "),
            eigenvalues: of.eigenvalues[layer - 1].clone(),
            fits: of.fits.iter().find(is_shown).and_then(FittedLine::of).into_iter().collect(),
        }
    };
    let noise = noise::spectrum(study, &study.spectra[0].eigenvalues[layer - 1]);
    LayerSpectra {
        title: layer_name(layer),
        spectra: study.spectra.iter().map(labelled).chain(noise).collect(),
    }
}

fn images(study: &StudyFiles, pixels: usize, figures: &mut FigureList) -> Markup {
    let width = pixels.isqrt();
    if width * width != pixels {
        return html! { p { "Only square images are shown; these have " (pixels) " pixels." } };
    }
    let rows: Vec<_> = study.images.iter().map(|images| sample_row(study, images)).collect();
    let caption =
        "Test images, clean and attacked, and the classes that the network predicts for them.";
    figures.add(
        "samples",
        figures::samples(&rows, &study.labels, width),
        &study.network_shown(),
        caption,
    )
}

fn sample_row(study: &StudyFiles, images: &LevelImages) -> SampleRow {
    let sample = |(pixels, &predicted): (ArrayView1<'_, f32>, &u8)| Sample {
        pixels: pixels.to_vec(),
        predicted: Some(predicted),
    };
    SampleRow {
        label: images.level.title(&study.catalogue, "\n"),
        samples: images.pixels.rows().into_iter().zip(&images.predictions).map(sample).collect(),
    }
}
