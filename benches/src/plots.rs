//! Plots as SVG.

use crate::failure::{Failure, Result};
use plotters::prelude::*;
use std::path::Path;

/// A line of a plot: its name, and its points.
pub type Line<'a> = (&'a str, Vec<(f64, f64)>);

/// The size of all plots.
const SIZE: (u32, u32) = (900, 520);
const COLOURS: [RGBColor; 5] =
    [RGBColor(31, 119, 180), RGBColor(214, 98, 40), RGBColor(60, 140, 80), RGBColor(130, 90, 160), RGBColor(120, 120, 120)];

/// The lowest and the highest of all values, with some room, on a logarithmic axis.
fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (low, high) = values.filter(|v| *v > 0.0).fold((f64::INFINITY, 0f64), |(low, high), v| (low.min(v), high.max(v)));
    if low > high { 0.1..1.0 } else { low / 1.5..high * 1.5 }
}

fn failed(e: impl core::fmt::Display) -> Failure {
    Failure::Plot(format!("a plot cannot be drawn: {e}"))
}

/// Lines over two logarithmic axes.
pub fn lines(path: &Path, title: &str, axes: [&str; 2], lines: &[Line<'_>]) -> Result<()> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let points = || lines.iter().flat_map(|(_, points)| points.iter().copied());
    let (x, y) = (range(points().map(|p| p.0)), range(points().map(|p| p.1)));
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(74)
        .build_cartesian_2d(x.log_scale(), y.log_scale())
        .map_err(failed)?;
    chart.configure_mesh().x_desc(axes[0]).y_desc(axes[1]).light_line_style(WHITE).draw().map_err(failed)?;
    for (k, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[k % COLOURS.len()];
        let series = chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3)).map_err(failed)?;
        series.label(*name).legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
    }
    chart.configure_series_labels().border_style(BLACK.mix(0.3)).background_style(WHITE.mix(0.9)).draw().map_err(failed)?;
    root.present().map_err(failed)
}

/// Bars beside each other for each name, over a logarithmic axis; what is not positive has none.
pub fn bars(path: &Path, title: &str, unit: &str, names: &[String], series: &[(&str, Vec<f64>)]) -> Result<()> {
    let root = SVGBackend::new(path, (SIZE.0.max(120 + 34 * names.len() as u32), SIZE.1 + 60)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let y = range(series.iter().flat_map(|(_, values)| values.iter().copied()));
    let low = y.start;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 20))
        .margin(12)
        .x_label_area_size(170)
        .y_label_area_size(74)
        .build_cartesian_2d(0.0..names.len() as f64, y.log_scale())
        .map_err(failed)?;
    let label = |x: &f64| names.get(x.floor() as usize).cloned().unwrap_or_default();
    let style = ("sans-serif", 13).into_font().transform(FontTransform::Rotate90);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .x_labels(names.len() + 1)
        .x_label_formatter(&label)
        .x_label_style(style)
        .y_desc(unit)
        .draw()
        .map_err(failed)?;
    let width = 0.8 / series.len().max(1) as f64;
    for (k, (name, values)) in series.iter().enumerate() {
        let colour = COLOURS[k % COLOURS.len()];
        let bar = |(i, value): (usize, &f64)| {
            let from = i as f64 + 0.1 + width * k as f64;
            Rectangle::new([(from, low), (from + width, *value)], colour.filled())
        };
        let drawn = chart.draw_series(values.iter().enumerate().filter(|(_, v)| **v > 0.0).map(bar)).map_err(failed)?;
        drawn.label(*name).legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], colour.filled()));
    }
    chart.configure_series_labels().border_style(BLACK.mix(0.3)).background_style(WHITE.mix(0.9)).draw().map_err(failed)?;
    root.present().map_err(failed)
}

/// Shares of a whole, one bar each, from the largest down.
pub fn shares(path: &Path, title: &str, shares: &[(String, f64)]) -> Result<()> {
    let height = 70 + 24 * shares.len().max(1) as u32;
    let root = SVGBackend::new(path, (SIZE.0, height)).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let largest = shares.iter().map(|s| s.1).fold(f64::MIN_POSITIVE, f64::max);
    let text = ("sans-serif", 14).into_font();
    root.draw(&Text::new(title.to_owned(), (12, 10), ("sans-serif", 18).into_font())).map_err(failed)?;
    for (k, (name, share)) in shares.iter().enumerate() {
        let y = 46 + 24 * k as i32;
        let end = 330 + (share / largest * 440.0) as i32;
        root.draw(&Text::new(name.clone(), (12, y), text.clone())).map_err(failed)?;
        root.draw(&Rectangle::new([(330, y), (end.max(331), y + 14)], COLOURS[0].filled())).map_err(failed)?;
        root.draw(&Text::new(format!("{:.1}%", 100.0 * share), (end + 8, y), text.clone())).map_err(failed)?;
    }
    root.present().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_are_whole_files() {
        let folder = std::env::temp_dir().join(format!("undertone-plots-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let [a, b, c] = ["a.svg", "b.svg", "c.svg"].map(|name| folder.join(name));
        lines(&a, "lines", ["x", "y"], &[("one", vec![(1.0, 2.0), (1e6, 3e3)])]).unwrap();
        bars(&b, "bars", "s", &["p".into(), "q".into()], &[("ours", vec![0.1, 0.2]), ("theirs", vec![10.0, 0.0])]).unwrap();
        shares(&c, "shares", &[("products".into(), 0.6), ("waiting".into(), 0.4)]).unwrap();
        for path in [a, b, c] {
            assert!(std::fs::read_to_string(path).unwrap().trim_end().ends_with("</svg>"));
        }
        assert!(lines(&folder.join("no/such.svg"), "", ["", ""], &[]).is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
