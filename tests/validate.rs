//! `validate`.

use crate::common::Folder;

#[test]
fn the_estimators_are_measured_on_known_spectra() {
    let folder = Folder::new();
    folder.ok("validate --alphas 1 --samples 300,3000 --draws 4 --units 40 --ranks 1-20 --figure f.svg -o v.csv");
    let table = String::from_utf8(folder.bytes("v.csv").0).unwrap();
    let header = "source,alpha,samples,units,noise,method,rank_first,rank_last,draws,bias,sd";
    assert_eq!(table.lines().next(), Some(header));
    assert_eq!(table.lines().count(), 1 + 2 * 3 * 3);
    let bias = |row: &str| -> f64 {
        let row = table.lines().find(|line| line.starts_with(row)).unwrap();
        row.split(',').nth(9).unwrap().parse().unwrap()
    };
    assert!(bias("plain,1.0,3000,40,0.0,ols").abs() < 0.03);
    assert!(bias("noisy,1.0,3000,40,0.28,ols") < -0.2);
    assert!(bias("repeat,1.0,3000,40,0.28,ols").abs() < 0.1);
    assert!(folder.bytes("f.svg").starts_with(b"<svg"));
}
