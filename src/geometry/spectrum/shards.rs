//! Activations in one file or several, and what is taken of them in one pass.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use ndarray::{Array1, Array2, Axis};
use rand::seq::index;

use super::{Moments, Of, Repeats, Spectrum};
use crate::{
    Error, Result,
    io::read::{Block, Rows, Source},
    math::rng::{self, Purpose},
};

/// Rows taken in at a time.
const BLOCK: usize = 256;

/// 34 GB of draws. Systems that promise more memory than they have would end the process.
const MOST_NUMBERS: usize = 1 << 32;

/// Files whose samples follow on each other: (samples, units) each, or (layers, samples, units).
pub struct Shards {
    files: VecDeque<Shard>,
    /// The one that is being read.
    current: Option<Rows<f64>>,
    flatten: bool,
    name: PathBuf,
    layers: Option<usize>,
    units: usize,
    samples: usize,
}

/// A file whose header was seen, and how many of its samples are used.
struct Shard {
    path: PathBuf,
    samples: usize,
    /// What cannot be opened again stays open; of the others any number would not.
    opened: Option<Rows<f64>>,
}

impl Shards {
    /// Files that must agree, of which the first `samples` rows of all are used. Each header is
    /// checked here; files are opened one at a time. With `flatten` all axes but the first are
    /// units.
    pub fn open(files: &[PathBuf], samples: Option<usize>, flatten: bool) -> Result<Self> {
        let mut shards: Option<Self> = None;
        for path in files {
            let rows = Rows::activations(Source::open(path)?, flatten)?;
            let all = shards.get_or_insert_with(|| Self {
                files: VecDeque::new(),
                current: None,
                flatten,
                name: rows.name().to_owned(),
                layers: rows.layers(),
                units: rows.columns(),
                samples: 0,
            });
            all.fits(&rows)?;
            let left = samples.map_or(rows.samples(), |samples| samples - all.samples);
            let samples = left.min(rows.samples());
            if samples > 0 {
                all.samples = all
                    .samples
                    .checked_add(samples)
                    .ok_or_else(|| rows.wrong("makes more samples in all than can be counted"))?;
                let opened = (!rows.opens_again()).then_some(rows);
                all.files.push_back(Shard { path: path.clone(), samples, opened });
            }
        }
        let Some(all) = shards else {
            return Err(Error::usage("no activations"));
        };
        match samples.filter(|&samples| samples > all.samples) {
            None => Ok(all),
            Some(samples) => Err(Error::data(format!(
                "has too few samples (found {}, expected at least the {samples} to be used)",
                all.samples
            ))
            .in_file(&all.name)),
        }
    }

    /// Refuse a shard of other units or layers.
    fn fits(&self, shard: &Rows<f64>) -> Result<()> {
        same_shape((self.layers, self.units), shard)
    }

    /// What messages call them: the first file.
    #[must_use]
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Layers of a stack; none for single matrices.
    #[must_use]
    pub fn layers(&self) -> Option<usize> {
        self.layers
    }

    /// Columns of a row.
    #[must_use]
    pub fn units(&self) -> usize {
        self.units
    }

    /// Rows of each layer, of all shards together.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The spectrum of each layer, (units,), largest first.
    pub fn spectra(mut self, of: Of) -> Result<Vec<Array1<f64>>> {
        let mut spectra = self.each(|| Spectrum::new(self.samples, self.units, of))?;
        while let Some(block) = self.next_block()? {
            spectra[block.matrix].add(block.values);
        }
        self.all(spectra.into_iter().map(Spectrum::eigenvalues))
    }

    /// The moments of each layer.
    pub fn moments(mut self) -> Result<Vec<Moments>> {
        let mut moments = self.each(|| Moments::new(self.units))?;
        while let Some(block) = self.next_block()? {
            moments[block.matrix].add(block.values);
        }
        Ok(moments)
    }

    /// The spectrum of each of so many draws of `size` rows without replacement, (units,).
    pub fn of_subsamples(
        mut self,
        draws: usize,
        size: usize,
        seed: u64,
        of: Of,
    ) -> Result<Vec<Array1<f64>>> {
        if self.layers.is_some() {
            return Err(Error::usage(
                "subsamples are of one matrix: extract the activations of one layer",
            ));
        }
        if size > self.samples {
            return Err(Error::data(format!(
                "has too few samples for a subsample (found {}, expected at least {size})",
                self.samples
            ))
            .in_file(&self.name));
        }
        // What is kept of each draw: which rows, and their sums or themselves.
        let numbers = size.min(self.units).checked_mul(self.units);
        let kept =
            numbers.and_then(|numbers| numbers.checked_add(self.samples)?.checked_mul(draws));
        if kept.is_none_or(|kept| kept > MOST_NUMBERS) {
            return Err(Error::data(format!(
                "has too many draws for memory (found {draws} of {size} samples of {} units)",
                self.units
            ))
            .in_file(&self.name));
        }
        let drawn = |draw: usize| {
            let mut drawn = vec![false; self.samples];
            let mut rng = rng::stream(seed, Purpose::Subsample, draw);
            for row in index::sample(&mut rng, self.samples, size) {
                drawn[row] = true;
            }
            drawn
        };
        let drawn: Vec<Vec<bool>> = (0..draws).map(drawn).collect();
        let mut spectra = self.all((0..draws).map(|_| Spectrum::new(size, self.units, of)))?;
        let mut first = 0;
        while let Some(block) = self.next_block()? {
            let rows = block.values.nrows();
            for (spectrum, drawn) in spectra.iter_mut().zip(&drawn) {
                let wanted: Vec<usize> = (0..rows).filter(|row| drawn[first + row]).collect();
                if !wanted.is_empty() {
                    spectrum.add(block.values.select(Axis(0), &wanted));
                }
            }
            first += rows;
        }
        self.all(spectra.into_iter().map(Spectrum::eigenvalues))
    }

    /// The signal's variances of each layer, (units,), of which `self` and `other` are repeats.
    pub fn signal(mut self, mut other: Self) -> Result<Vec<Array1<f64>>> {
        let found = (other.layers, other.samples, other.units);
        let expected = (self.layers, self.samples, self.units);
        if found != expected {
            let text = |(layers, samples, units): (Option<usize>, usize, usize)| {
                let layers = layers.map_or(String::new(), |layers| format!("{layers} layers of "));
                format!("{layers}{samples} samples of {units} units")
            };
            let message = format!(
                "is no repeat of the same stimuli (found {}, expected {} as in {})",
                text(found),
                text(expected),
                self.name.display()
            );
            return Err(Error::data(message).in_file(&other.name));
        }
        let mut repeats = self.each(|| Repeats::new(self.samples, self.units))?;
        while let (Some(a), Some(b)) = (self.next_block()?, other.next_block()?) {
            repeats[a.matrix].add(a.values, b.values);
        }
        self.all(repeats.into_iter().map(Repeats::signal))
    }

    fn each<T>(&self, new: impl Fn() -> Result<T>) -> Result<Vec<T>> {
        self.all((0..self.layers.unwrap_or(1)).map(|_| new()))
    }

    /// All results, or the first error, which is about these files.
    fn all<T>(&self, results: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
        results.map(|result| result.map_err(|e| e.in_file(&self.name))).collect()
    }

    fn next_block(&mut self) -> Result<Option<Block<f64>>> {
        loop {
            if let Some(rows) = &mut self.current
                && let Some(block) = rows.next_block(BLOCK)?
            {
                return Ok(Some(block));
            }
            // Closed before the next is opened.
            self.current = None;
            let Some(shard) = self.files.pop_front() else {
                return Ok(None);
            };
            let rows = match shard.opened {
                Some(rows) => rows,
                None => Rows::activations(Source::open(&shard.path)?, self.flatten)?,
            };
            self.fits(&rows)?;
            self.current = Some(rows.first(Some(shard.samples))?);
        }
    }
}

/// Moments of several files as one.
pub struct Merged {
    /// What messages call them: the first file.
    pub name: PathBuf,
    /// Whether they are of a stack.
    pub stack: bool,
    /// Of each layer.
    pub moments: Vec<Moments>,
}

/// Merge what [`Shards::moments`] gave, of files (units + 2, units) or (layers, units + 2, units).
pub fn merged(files: &[PathBuf]) -> Result<Merged> {
    let mut merged: Option<(Rows<f64>, Vec<Moments>)> = None;
    for file in files {
        let mut rows = Rows::moments(Source::open(file)?)?;
        let mut moments = Vec::new();
        while let Some(block) = rows.next_block(rows.samples())? {
            moments.push(Moments::from_array(&block.values).map_err(|e| e.in_file(rows.name()))?);
        }
        merged = Some(match merged {
            None => (rows, moments),
            Some((first, all)) => {
                same_shape((first.layers(), first.columns()), &rows)?;
                (first, all.into_iter().zip(moments).map(|(a, b)| a.merge(b)).collect())
            }
        });
    }
    let (first, moments) = merged.ok_or_else(|| Error::usage("no moments"))?;
    Ok(Merged { name: first.name().to_owned(), stack: first.layers().is_some(), moments })
}

/// Refuse a shard of other units or layers than the first.
fn same_shape((layers, units): (Option<usize>, usize), shard: &Rows<f64>) -> Result<()> {
    shard.expect_columns(units, "the first shard has units")?;
    if shard.layers() == layers {
        return Ok(());
    }
    Err(shard.wrong(format!(
        "is no shard of the same stack (found {} layers, expected {})",
        shard.layers().unwrap_or(1),
        layers.unwrap_or(1)
    )))
}

/// Vectors of one length as rows.
pub fn stacked(rows: &[Array1<f64>]) -> Array2<f64> {
    let columns = rows.first().map_or(0, Array1::len);
    let mut stack = Array2::zeros((rows.len(), columns));
    for (mut place, row) in stack.rows_mut().into_iter().zip(rows) {
        place.assign(row);
    }
    stack
}
