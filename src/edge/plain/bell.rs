//! `Bell`: wakes a task, but not for what the task itself brings about while it is at work.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// A waker between two parts of one task, which drives both of them until neither has anything to say. Whatever they
/// tell each other meanwhile would have the task run once more, for nothing.
#[derive(Debug, Default)]
pub(super) struct Bell {
    state: AtomicU8,
    task: Mutex<Option<Waker>>,
}

/// The task waits: it is woken.
const WAITING: u8 = 0;
/// The task is at work.
const AT_WORK: u8 = 1;
/// The task is at work, and something has happened since it began its round.
const RUNG: u8 = 2;

impl Bell {
    /// Begins the work of a task, which is the one to wake from now on.
    pub(super) fn answer_to(&self, task: &Waker) {
        let mut known = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.as_ref().is_some_and(|known| known.will_wake(task)) {
            *known = Some(task.clone());
        }
        drop(known);
        self.silence();
    }

    /// Begins a round of work that sees all that has happened by now.
    pub(super) fn silence(&self) {
        self.state.swap(AT_WORK, Ordering::AcqRel);
    }

    /// Ends the work where nothing has happened during the last round; from then on the task is woken. Where something has,
    /// another round is needed.
    pub(super) fn rests(&self) -> bool {
        self.state.compare_exchange(AT_WORK, WAITING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let rung = |state| (state != WAITING).then_some(RUNG);
        if self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, rung).is_ok() {
            return;
        }
        if let Some(task) = &*self.task.lock().unwrap_or_else(PoisonError::into_inner) {
            task.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// A task that counts how often it is woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Task {
        fn woken(&self) -> usize {
            self.0.load(Ordering::Relaxed)
        }
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_task_at_work_is_not_woken_but_has_another_round() {
        let (bell, task) = (Arc::new(Bell::default()), Arc::new(Task::default()));
        let ringer = Waker::from(Arc::clone(&bell));
        bell.answer_to(&Waker::from(Arc::clone(&task)));
        ringer.wake_by_ref();
        assert!(!bell.rests());
        bell.silence();
        assert!(bell.rests());
        assert_eq!(task.woken(), 0);
    }

    #[test]
    fn a_task_that_waits_is_woken_and_only_the_last_that_was_told() {
        let (bell, former, task) = (Arc::new(Bell::default()), Arc::new(Task::default()), Arc::new(Task::default()));
        let ringer = Waker::from(Arc::clone(&bell));
        for task in [&former, &task] {
            bell.answer_to(&Waker::from(Arc::clone(task)));
            assert!(bell.rests());
        }
        ringer.wake_by_ref();
        assert_eq!((former.woken(), task.woken()), (0, 1));
    }
}
