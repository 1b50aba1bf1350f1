//! The learning rate over the steps of a training: a linear warm-up, then half a cosine down to nothing.

/// The learning rate over the steps of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    /// The highest learning rate.
    pub peak: f64,
    /// The number of steps over which it rises from nothing to `peak`.
    pub warm_up: usize,
    /// The number of steps of the whole training.
    pub steps: usize,
}

impl Schedule {
    /// The learning rate of a step, counted from 0.
    pub fn at(&self, step: usize) -> f64 {
        if step < self.warm_up {
            return self.peak * (step + 1) as f64 / self.warm_up as f64;
        }
        let rest = self.steps.saturating_sub(self.warm_up).max(1);
        let done = (step - self.warm_up).min(rest) as f64 / rest as f64;
        self.peak * 0.5 * (1.0 + (std::f64::consts::PI * done).cos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_to_the_peak_and_falls_to_nothing() {
        let schedule = Schedule { peak: 0.1, warm_up: 4, steps: 104 };
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(schedule.at(0), 0.025) && near(schedule.at(3), 0.1) && near(schedule.at(4), 0.1));
        assert!(near(schedule.at(54), 0.05), "half way down at half of the steps: {}", schedule.at(54));
        assert!(near(schedule.at(104), 0.0) && near(schedule.at(1000), 0.0));
        assert!((4..104).all(|step| schedule.at(step + 1) < schedule.at(step)));
    }

    #[test]
    fn no_warm_up_and_no_steps_are_possible() {
        assert!((Schedule { peak: 1.0, warm_up: 0, steps: 0 }.at(0) - 1.0).abs() < 1e-12);
        assert!((Schedule { peak: 1.0, warm_up: 5, steps: 2 }.at(1) - 0.4).abs() < 1e-12);
    }
}
