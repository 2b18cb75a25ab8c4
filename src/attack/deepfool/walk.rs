//! The steps of DeepFool.

use ndarray::{Array1, Array2, ArrayView1, Zip};

use super::DeepFool;
use crate::{
    Result,
    attack::{
        Clip, Norm,
        ball::clipped,
        logits::{Forward, check_finite},
    },
    network::predicted,
};

/// A step changes the pixels by at least this fraction of the image's largest pixel (root mean square
/// for [`Norm::Two`]). Shorter steps are lost in the rounding of pixels and logits, and an image whose
/// two largest logits are equal would never move.
const LEAST_CHANGE: f64 = 1.0 / (1 << 20) as f64;

/// An image under attack.
pub(super) struct Image<'x> {
    /// Its row in the chunk.
    pub row: usize,
    /// The pixels before the attack.
    x: ArrayView1<'x, f32>,
    pub point: Point,
    /// The answer to be changed.
    pub class: usize,
    /// The smallest norm of a step.
    least_step: f64,
    pub steps_left: usize,
    /// Whether there may be a further step.
    pub has_direction: bool,
}

/// Where steps have led an image.
pub(super) struct Point {
    /// The sum of the steps.
    r: Array1<f64>,
    /// The pixels.
    pub x: Array1<f32>,
}

/// A linearised boundary.
struct Plane {
    /// Its distance from the image; infinite if there is no plane.
    distance: f64,
    /// The gradient w times a positive factor.
    w: Array1<f32>,
    /// The dual norm of `w`.
    dual: f64,
}

impl<'x> Image<'x> {
    /// The image x, in row `row` of its chunk, before the attack.
    pub fn new(row: usize, x: ArrayView1<'x, f32>, class: usize, norm: Norm, steps: usize) -> Self {
        let largest = Norm::Inf.of(x.iter().map(|&x| x.into()));
        let change = LEAST_CHANGE * if largest > 0.0 { largest } else { 1.0 };
        Self {
            row,
            x,
            point: Point { r: Array1::zeros(x.len()), x: x.to_owned() },
            class,
            least_step: norm.of(x.iter().map(|_| change)),
            steps_left: steps,
            has_direction: true,
        }
    }

    /// The norm of the change.
    pub fn distance(&self, norm: Norm) -> f64 {
        distance(norm, self.x, &self.point.x)
    }

    /// The point that is the fraction `part` of the way to `end`.
    pub fn towards(&self, end: &Array1<f32>, part: f64, clip: Option<Clip>) -> Array1<f32> {
        let point = |&x: &f32, &end: &f32| {
            let (x, end) = (f64::from(x), f64::from(end));
            clipped((x + part * (end - x)) as f32, clip)
        };
        Zip::from(self.x).and(end).map_collect(point)
    }
}

/// The norm of the change from `x` to `y`.
fn distance(norm: Norm, x: ArrayView1<'_, f32>, y: &Array1<f32>) -> f64 {
    norm.of(x.iter().zip(y).map(|(&x, &y)| f64::from(y) - f64::from(x)))
}

impl DeepFool<'_> {
    /// Take steps, at least one with each image, until its answer changes, or there is no further step.
    pub(super) fn walk(&self, mut images: Vec<&mut Image<'_>>, first: usize) -> Result<()> {
        let points = self.rows(images.iter().map(|image| &image.point));
        let mut forward = self.logits.forward(points.view())?;
        while !images.is_empty() {
            let planes = self.nearest_planes(&images, &forward, first)?;
            let mut moved = Vec::with_capacity(images.len());
            for (image, plane) in images.into_iter().zip(&planes) {
                image.steps_left -= 1;
                match self.next_point(image, plane) {
                    Some(point) => moved.push((image, point)),
                    None => image.has_direction = false,
                }
            }
            forward = self.finite_forward(&mut moved)?;
            let mut unchanged = Vec::new();
            images = Vec::new();
            for (index, (image, point)) in moved.into_iter().enumerate() {
                image.point = point;
                if predicted(forward.logits.row(index)) == image.class && image.steps_left > 0 {
                    unchanged.push(index);
                    images.push(image);
                }
            }
            forward = forward.select(&unchanged);
        }
        Ok(())
    }

    /// The plane nearest to each image. `forward` is the forward pass of their points.
    fn nearest_planes(
        &self,
        images: &[&mut Image<'_>],
        forward: &Forward,
        first: usize,
    ) -> Result<Vec<Plane>> {
        let pixels = self.logits.network.inputs();
        let none = |_| Plane { distance: f64::INFINITY, w: Array1::zeros(pixels), dual: 0.0 };
        let mut nearest: Vec<Plane> = images.iter().map(none).collect();
        let mut w = Array2::zeros((images.len(), pixels));
        // One class other than the answer of each image at a time, because the gradients of all
        // classes would take much memory.
        for other in 0..self.logits.network.classes - 1 {
            let k = |image: &Image<'_>| other + usize::from(other >= image.class);
            let mut dz = Array2::zeros(forward.logits.dim());
            for (image, mut dz) in images.iter().zip(dz.rows_mut()) {
                (dz[k(image)], dz[image.class]) = (1.0, -1.0);
            }
            let ln_factors = self.logits.backward(forward, dz, w.view_mut());
            check_finite(w.view(), "gradient", |row| first + images[row].row)?;
            let found = images.iter().zip(forward.logits.rows()).zip(w.rows()).zip(ln_factors);
            for ((((image, z), w), ln_factor), nearest) in found.zip(&mut nearest) {
                let difference = f64::from(z[image.class]) - f64::from(z[k(image)]);
                let dual = self.norm.dual(w.iter().map(|&w| w.into()));
                if dual == 0.0 {
                    continue;
                }
                let distance = match difference / dual {
                    distance if distance > 0.0 => distance * ln_factor.exp(),
                    _ => 0.0,
                };
                if distance < nearest.distance {
                    nearest.w.assign(&w);
                    (nearest.distance, nearest.dual) = (distance, dual);
                }
            }
        }
        Ok(nearest)
    }

    /// The point to which a step to the plane leads; `None` if it is not finite.
    fn next_point(&self, image: &Image<'_>, plane: &Plane) -> Option<Point> {
        if plane.distance == f64::INFINITY {
            return None;
        }
        let length = plane.distance.max(image.least_step);
        let mut r = image.point.r.clone();
        Zip::from(&mut r).and(&plane.w).for_each(|r, &w| {
            *r += length * self.norm.steepest(w.into(), plane.dual);
        });
        let x = Zip::from(image.x).and(&r).map_collect(|&x, &r| {
            clipped((f64::from(x) + (1.0 + self.overshoot) * r) as f32, self.clip)
        });
        let is_finite = (distance(self.norm, image.x, &x) as f32).is_finite();
        is_finite.then_some(Point { r, x })
    }

    /// The forward pass of images at their next points. Images with activations or logits that are not
    /// finite there are taken out: the last step went too far.
    fn finite_forward(&self, moved: &mut Vec<(&mut Image<'_>, Point)>) -> Result<Forward> {
        let forward = |x: Array2<f32>| {
            let forward = self.logits.forward(x.view())?;
            check_finite(forward.logits.view(), "logit", |row| row)?;
            Ok(forward)
        };
        let all = forward(self.rows(moved.iter().map(|(_, point)| point)));
        if all.is_ok() {
            return all;
        }
        moved.retain_mut(|(image, point)| {
            image.has_direction = forward(self.rows([&*point].into_iter())).is_ok();
            image.has_direction
        });
        forward(self.rows(moved.iter().map(|(_, point)| point)))
    }

    /// Points as one array, (samples, pixels).
    fn rows<'p>(&self, points: impl ExactSizeIterator<Item = &'p Point>) -> Array2<f32> {
        let shape = (points.len(), self.logits.network.inputs());
        let pixels = points.flat_map(|point| &point.x).copied().collect();
        Array2::from_shape_vec(shape, pixels).expect("every point has the pixels of an image")
    }
}
