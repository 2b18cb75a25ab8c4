//! Activations in one or several files, and the statistics computed in one pass over them.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};

use ndarray::{Array1, Array2, Axis};
use rand::seq::index;

use super::{Matrix, Moments, Repeats, Spectrum};
use crate::{
    Error, Result,
    files::read::{Block, Rows, Source, too_few},
    math::rng::{self, Purpose},
};

/// Number of rows read at a time.
const BLOCK: usize = 256;

/// Largest number of values held at a time: they take 34 GB. A system that overcommits
/// memory would grant more and kill the process later.
pub(crate) const MAX_VALUES: usize = 1 << 32;

/// Activations in several files whose samples follow one another. Each file is (samples, units), or
/// each is (layers, samples, units).
pub struct Shards {
    files: VecDeque<Shard>,
    /// The file that is being read.
    current: Option<Rows<f64>>,
    flatten: bool,
    name: PathBuf,
    layers: Option<usize>,
    units: usize,
    samples: usize,
}

/// A file whose header has been checked.
struct Shard {
    path: PathBuf,
    /// Number of its first samples that are used.
    samples: usize,
    /// A stream stays open, because it cannot be opened again. Files are closed, because there may be
    /// more of them than a process may hold open.
    opened: Option<Rows<f64>>,
}

impl Shards {
    /// Check the headers of all files. The first `samples` rows of all of them are used, or all rows
    /// if `samples` is `None`. The files are opened one at a time. With `flatten`, all axes but the
    /// first are flattened to units.
    ///
    /// # Errors
    /// If a file cannot be read, the files differ in units or layers, or there are too few samples.
    pub fn open(files: &[PathBuf], samples: Option<usize>, flatten: bool) -> Result<Self> {
        let mut shards: Option<Self> = None;
        for path in files {
            let rows = Rows::activations(Source::open(path)?, flatten)?;
            let shards = shards.get_or_insert_with(|| Self {
                files: VecDeque::new(),
                current: None,
                flatten,
                name: rows.name().to_owned(),
                layers: rows.layers(),
                units: rows.columns(),
                samples: 0,
            });
            shards.check_shape(&rows)?;
            let left = samples.map_or(rows.samples(), |samples| samples - shards.samples);
            let samples = left.min(rows.samples());
            if samples > 0 {
                shards.samples = shards.samples.checked_add(samples).ok_or_else(|| {
                    rows.wrong("brings the number of samples above the largest integer")
                })?;
                let opened = (!rows.opens_again()).then_some(rows);
                shards.files.push_back(Shard { path: path.clone(), samples, opened });
            }
        }
        let Some(shards) = shards else {
            return Err(Error::usage("no activations"));
        };
        match samples.filter(|&samples| samples > shards.samples) {
            None => Ok(shards),
            Some(samples) => {
                Err(Error::data(too_few(shards.samples, samples)).in_file(&shards.name))
            }
        }
    }

    /// Refuse a file whose number of units or layers differs.
    fn check_shape(&self, shard: &Rows<f64>) -> Result<()> {
        same_shape((self.layers, self.units), shard)
    }

    /// The first file, which stands for all of them in messages.
    #[must_use]
    pub fn name(&self) -> &Path {
        &self.name
    }

    /// Number of layers of a stack; `None` for single matrices.
    #[must_use]
    pub fn layers(&self) -> Option<usize> {
        self.layers
    }

    /// Number of units.
    #[must_use]
    pub fn units(&self) -> usize {
        self.units
    }

    /// Number of samples used, over all files.
    #[must_use]
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Number of layers of which only a part has been read at any time: one file has one layer after
    /// the other, and several files have a part of each.
    pub(crate) fn layers_at_once(&self) -> usize {
        if self.files.len() > 1 { self.layers.unwrap_or(1) } else { 1 }
    }

    /// The spectrum of each layer, (units,), largest eigenvalue first.
    ///
    /// # Errors
    /// If a file cannot be read, or as for [`Spectrum`].
    pub fn spectra(mut self, of: Matrix) -> Result<Vec<Array1<f64>>> {
        let mut spectra = self.for_each_layer(|| Spectrum::new(self.samples, self.units, of))?;
        while let Some(block) = self.next_block()? {
            spectra[block.matrix].add(block.values);
        }
        self.collect(spectra.into_iter().map(Spectrum::eigenvalues))
    }

    /// The moments of each layer.
    ///
    /// # Errors
    /// If a file cannot be read, or if there are too many units for memory.
    pub fn moments(mut self) -> Result<Vec<Moments>> {
        let mut moments = self.for_each_layer(|| Moments::new(self.units))?;
        while let Some(block) = self.next_block()? {
            moments[block.matrix].add(block.values);
        }
        Ok(moments)
    }

    /// The spectra of `draws` random subsamples, (units,) each. A subsample consists of `size`
    /// distinct rows.
    ///
    /// # Errors
    /// If the files are stacks, have fewer than `size` rows, or need too much memory.
    pub fn of_subsamples(
        mut self,
        draws: usize,
        size: usize,
        seed: u64,
        of: Matrix,
    ) -> Result<Vec<Array1<f64>>> {
        if self.layers.is_some() {
            return Err(Error::usage(
                "subsamples need a single matrix, not a stack: extract the activations of one layer",
            ));
        }
        if size > self.samples {
            return Err(Error::data(format!(
                "has too few samples for a subsample (found {}, expected at least {size})",
                self.samples
            ))
            .in_file(&self.name));
        }
        // Each draw holds which rows it has, and either the rows or their moments.
        let values_per_draw = size
            .min(self.units)
            .checked_mul(self.units)
            .and_then(|values| values.checked_add(self.samples));
        let values = values_per_draw.and_then(|values| values.checked_mul(draws));
        if values.is_none_or(|values| values > MAX_VALUES) {
            return Err(Error::data(format!(
                "is too large for this number of draws in memory (found {draws} draws of {size} samples with {} units)",
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
        let mut spectra = self.collect((0..draws).map(|_| Spectrum::new(size, self.units, of)))?;
        let mut first = 0;
        while let Some(block) = self.next_block()? {
            let rows = block.values.nrows();
            for (spectrum, drawn) in spectra.iter_mut().zip(&drawn) {
                let selected: Vec<usize> = (0..rows).filter(|row| drawn[first + row]).collect();
                if !selected.is_empty() {
                    spectrum.add(block.values.select(Axis(0), &selected));
                }
            }
            first += rows;
        }
        self.collect(spectra.into_iter().map(Spectrum::eigenvalues))
    }

    /// The signal variances of each layer, (units,), from `self` and `other` as repeats of the same
    /// stimuli, one file each; see [`Repeats`].
    ///
    /// # Errors
    /// If a file cannot be read, the shapes differ, or as for [`Repeats`].
    pub fn signal(mut self, other: Self) -> Result<Vec<Array1<f64>>> {
        self.require_same_shape(&other, "is not a repeat of the same stimuli")?;
        let mut repeats = self.for_each_layer(|| Repeats::new(self.samples, self.units))?;
        self.for_each_pair(other, |layer, a, b| {
            repeats[layer].add(a, b);
            Ok(())
        })?;
        self.collect(repeats.into_iter().map(Repeats::signal))
    }

    /// Refuse activations of other layers, samples or units.
    pub(crate) fn require_same_shape(&self, other: &Self, what: &str) -> Result<()> {
        let found = (other.layers, other.samples, other.units);
        let expected = (self.layers, self.samples, self.units);
        if found != expected {
            let text = |(layers, samples, units): (Option<usize>, usize, usize)| {
                let layers = layers.map_or(String::new(), |layers| format!("{layers} layers of "));
                format!("{layers}{samples} samples of {units} units")
            };
            let message = format!(
                "{what} (found {}, expected {} as in {})",
                text(found),
                text(expected),
                self.name.display()
            );
            return Err(Error::data(message).in_file(&other.name));
        }
        Ok(())
    }

    /// Pass each block of rows of both, with the index of its layer, to `add`.
    pub(crate) fn for_each_pair(
        &mut self,
        mut other: Self,
        mut add: impl FnMut(usize, Array2<f64>, Array2<f64>) -> Result<()>,
    ) -> Result<()> {
        while let Some(a) = self.next_block()? {
            let b = other.next_block()?.expect("both files have the same shape");
            add(a.matrix, a.values, b.values).map_err(|e| e.in_file(&other.name))?;
        }
        Ok(())
    }

    pub(crate) fn for_each_layer<T>(&self, new: impl Fn() -> Result<T>) -> Result<Vec<T>> {
        self.collect((0..self.layers.unwrap_or(1)).map(|_| new()))
    }

    /// All results, or the first error, with the name of the first file.
    pub(crate) fn collect<T>(&self, results: impl Iterator<Item = Result<T>>) -> Result<Vec<T>> {
        results.map(|result| result.map_err(|e| e.in_file(&self.name))).collect()
    }

    /// The next rows, from a single file and layer; `None` at the end.
    pub(crate) fn next_block(&mut self) -> Result<Option<Block<f64>>> {
        loop {
            if let Some(rows) = &mut self.current
                && let Some(block) = rows.next_block(BLOCK)?
            {
                return Ok(Some(block));
            }
            // Close the file before the next one is opened.
            self.current = None;
            let Some(shard) = self.files.pop_front() else {
                return Ok(None);
            };
            let rows = match shard.opened {
                Some(rows) => rows,
                None => Rows::activations(Source::open(&shard.path)?, self.flatten)?,
            };
            self.check_shape(&rows)?;
            self.current = Some(rows.first(Some(shard.samples))?);
        }
    }
}

/// The moments of several files, merged.
pub struct Merged {
    /// The first file, which stands for all of them in messages.
    pub name: PathBuf,
    /// Whether the files hold stacks.
    pub stack: bool,
    /// The moments of each layer.
    pub moments: Vec<Moments>,
}

/// Merge files of moments, the arrays of [`Moments::to_array`], (units + 2, units), or of
/// [`Moments::stacked`], (layers, units + 2, units).
///
/// # Errors
/// If a file cannot be read or does not hold moments, or if the shapes differ.
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

/// Refuse a shard whose number of units or layers differs from the first.
fn same_shape((layers, units): (Option<usize>, usize), shard: &Rows<f64>) -> Result<()> {
    shard.expect_columns(units, "the number of units of the first shard")?;
    if shard.layers() == layers {
        return Ok(());
    }
    Err(shard.wrong(format!(
        "is not a shard of the same stack (found {} layers, expected {})",
        shard.layers().unwrap_or(1),
        layers.unwrap_or(1)
    )))
}

/// Stack vectors of equal length as the rows of a matrix.
pub fn stacked(rows: &[Array1<f64>]) -> Array2<f64> {
    let columns = rows.first().map_or(0, Array1::len);
    let mut stack = Array2::zeros((rows.len(), columns));
    for (mut place, row) in stack.rows_mut().into_iter().zip(rows) {
        place.assign(row);
    }
    stack
}
