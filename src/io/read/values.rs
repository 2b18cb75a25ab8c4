//! Elements of an array as numbers.

/// Elements in the widest type that holds those of their kind exactly.
pub enum Values {
    /// `f4`, and `f2`
    F4(Vec<f32>),
    /// `f8`
    F8(Vec<f64>),
    /// `u1`, and `b1` as 0 and 1
    U1(Vec<u8>),
    /// Other integers of at most 63 bits.
    Int(Vec<i64>),
    /// `u8`
    U8(Vec<u64>),
}

/// What arrays of floating point numbers become: f4 for images and networks, f8 for spectra.
pub trait Float: Copy + Default + std::fmt::Debug + Into<f64> + Send + Sync {
    /// Convert. No number is beyond f4 but an f8 that is.
    fn from_values(values: Values) -> Vec<Self>;

    /// Pixels: 255 becomes 1.
    fn from_pixels(bytes: Vec<u8>) -> Vec<Self>;
}

impl Float for f32 {
    fn from_values(values: Values) -> Vec<Self> {
        match values {
            Values::F4(v) => v,
            Values::F8(v) => v.into_iter().map(|x| x as f32).collect(),
            Values::U1(v) => v.into_iter().map(f32::from).collect(),
            Values::Int(v) => v.into_iter().map(|x| x as f32).collect(),
            Values::U8(v) => v.into_iter().map(|x| x as f32).collect(),
        }
    }

    fn from_pixels(bytes: Vec<u8>) -> Vec<Self> {
        bytes.into_iter().map(|x| f32::from(x) / 255.0).collect()
    }
}

impl Float for f64 {
    fn from_values(values: Values) -> Vec<Self> {
        match values {
            Values::F4(v) => v.into_iter().map(f64::from).collect(),
            Values::F8(v) => v,
            Values::U1(v) => v.into_iter().map(f64::from).collect(),
            Values::Int(v) => v.into_iter().map(|x| x as f64).collect(),
            Values::U8(v) => v.into_iter().map(|x| x as f64).collect(),
        }
    }

    fn from_pixels(bytes: Vec<u8>) -> Vec<Self> {
        bytes.into_iter().map(|x| f64::from(x) / 255.0).collect()
    }
}
