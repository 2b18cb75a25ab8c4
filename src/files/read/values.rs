//! The elements of an array as Rust values.

/// Elements of an array, in one of a few types that represent all dtypes exactly.
pub enum Values {
    /// f4 and f2.
    F4(Vec<f32>),
    /// f8.
    F8(Vec<f64>),
    /// u1, and b1 as 0 and 1.
    U1(Vec<u8>),
    /// All other integers that i64 can represent.
    Int(Vec<i64>),
    /// u8, which has 8 bytes.
    U8(Vec<u64>),
}

/// The type to which elements are converted: f32 for images and networks, f64 for spectra.
pub trait Float: bytemuck::Pod + Default + std::fmt::Debug + Into<f64> + Send + Sync {
    /// Convert elements. Only f8 values beyond the range of f4 can become infinite.
    fn from_values(values: Values) -> Vec<Self>;

    /// Convert pixels from 0 to 255 to the interval from 0 to 1.
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
