//! Softmax in double precision.

/// Replace the logits `z` of a sample by `dE/dz = p - onehot(y)` with `p = softmax(z)`, and return its loss
/// `E = -ln p_y`.
pub fn softmax_minus_onehot(z: &mut [f64], y: usize) -> f64 {
    let largest = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let logit = z[y] - largest;
    let mut sum = 0.0;
    for z in z.iter_mut() {
        *z = (*z - largest).exp();
        sum += *z;
    }
    for p in z.iter_mut() {
        *p /= sum;
    }
    z[y] -= 1.0;
    sum.ln() - logit
}
