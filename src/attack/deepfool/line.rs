//! The line search after DeepFool.

use ndarray::{Array1, ArrayViewMut2};

use super::{DeepFool, walk::Image};
use crate::Result;

/// The smallest fraction of the change by which it may go beyond a boundary: about the precision of f32.
const PRECISION: f64 = 1.0 / (1 << 20) as f64;

/// The most halvings of a line: enough to come from the largest f32 to the smallest, with the precision.
const HALVINGS: usize = 320;

/// The line from an image before the attack to the point where DeepFool led it.
struct Line<'i, 'x> {
    /// The image, at the nearest point with another answer found so far.
    image: &'i mut Image<'x>,
    end: Array1<f32>,
    /// The largest fraction of the line at which the answer is the same, as far as has been found.
    same: f64,
    /// The smallest fraction of the line at which the answer is another one.
    changed: f64,
}

impl Line<'_, '_> {
    /// The fraction of the line at which to look next.
    fn middle(&self) -> f64 {
        0.5 * (self.same + self.changed)
    }
}

impl DeepFool<'_> {
    /// Move images of a chunk whose answers have changed back towards those before the attack, by
    /// bisection, and write them to `attacked`, (samples, pixels), which holds the whole chunk.
    pub(super) fn search_lines<'i, 'x: 'i>(
        &self,
        images: impl Iterator<Item = &'i mut Image<'x>>,
        first: usize,
        mut attacked: ArrayViewMut2<'_, f32>,
    ) -> Result<()> {
        let line = |image: &'i mut Image<'x>| {
            let end = image.point.x.clone();
            Line { image, end, same: 0.0, changed: 1.0 }
        };
        let mut lines: Vec<_> = images.map(line).collect();
        let beyond = 1.0 + self.overshoot.max(PRECISION);
        for _ in 0..HALVINGS {
            let is_open = |line: &&mut Line<'_, '_>| line.changed > beyond * line.same;
            let mut open: Vec<_> = lines.iter_mut().filter(is_open).collect();
            if open.is_empty() {
                break;
            }
            for line in &mut open {
                let point = line.image.towards(&line.end, line.middle(), self.clip);
                attacked.row_mut(line.image.row).assign(&point);
            }
            // The answers of the whole chunk, as always at the end of an attack.
            let answers = self.answers(attacked.view(), first)?;
            for line in open {
                let middle = line.middle();
                if answers[line.image.row] == line.image.class {
                    line.same = middle;
                } else {
                    line.changed = middle;
                    line.image.point.x.assign(&attacked.row(line.image.row));
                }
            }
        }
        for Line { image, .. } in lines {
            attacked.row_mut(image.row).assign(&image.point.x);
        }
        Ok(())
    }
}
