//! A deterministic executor: of the tasks that were woken it polls any, as a seed says.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use usbd_acm_virtual::host::SplitMix64;

/// Tasks, polled when they were woken and in any order.
pub struct Executor {
    tasks: Vec<Task>,
    whims: Whims,
}

struct Task {
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Executor {
    /// No tasks yet.
    pub fn new(whims: Whims) -> Self {
        Self { tasks: Vec::new(), whims }
    }

    /// Adds a task, which is to be polled for the first time.
    pub fn spawn(&mut self, future: impl Future<Output = ()> + 'static) {
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        self.tasks.push(Task { future: Some(Box::pin(future)), woken });
    }

    /// Polls this many tasks at most. Returns whether none is left to be polled.
    pub fn run(&mut self, polls: usize) -> bool {
        for _ in 0..polls {
            let ready: Vec<_> = (0..self.tasks.len()).filter(|&i| self.tasks[i].is_due()).collect();
            let Some(&index) = ready.get(self.whims.below(ready.len())) else { return true };
            self.tasks[index].poll();
        }
        !self.tasks.iter().any(Task::is_due)
    }

    /// Polls every task that nobody woke.
    ///
    /// # Panics
    /// When one of them goes on: somebody should have woken it.
    pub fn audit(&mut self) {
        let before = self.whims.0.steps.get();
        self.whims.0.auditing.set(true);
        for (number, task) in self.tasks.iter_mut().enumerate().filter(|(_, task)| !task.is_due()) {
            task.poll();
            assert_eq!(self.whims.0.steps.get(), before, "task {number} was not woken");
        }
        self.whims.0.auditing.set(false);
    }
}

impl Task {
    fn is_due(&self) -> bool {
        self.future.is_some() && self.woken.0.load(Ordering::SeqCst)
    }

    fn poll(&mut self) {
        let Some(future) = &mut self.future else { return };
        self.woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(self.woken.clone());
        if future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            self.future = None;
        }
    }
}

/// What the tasks of one executor do at random.
#[derive(Clone)]
pub struct Whims(Rc<State>);

struct State {
    random: RefCell<SplitMix64>,
    /// No task gives anything up.
    patient: Cell<bool>,
    auditing: Cell<bool>,
    /// Awaits that are over.
    steps: Cell<u64>,
    given_up: Cell<u64>,
}

impl Whims {
    /// The whims of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Rc::new(State {
            random: RefCell::new(SplitMix64::new(seed)),
            patient: Cell::new(false),
            auditing: Cell::new(false),
            steps: Cell::new(0),
            given_up: Cell::new(0),
        }))
    }

    /// A number below `bound`.
    pub fn below(&self, bound: usize) -> usize {
        self.0.random.borrow_mut().below(bound)
    }

    /// From now on every await is waited for, and only a waker ends one.
    pub fn be_patient(&self) {
        self.0.patient.set(true);
    }

    /// How many futures were dropped before they were done.
    pub fn given_up(&self) -> u64 {
        self.0.given_up.get()
    }

    /// Waits for `future`, or drops it at any of its polls, before it or after it, and is `None`.
    pub async fn maybe<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        let mut future = Box::pin(future);
        let outcome = poll_fn(|context| {
            if self.gives_up() {
                return Poll::Ready(None);
            }
            match future.as_mut().poll(context) {
                Poll::Ready(value) => Poll::Ready(Some(value)),
                Poll::Pending if self.gives_up() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        self.0.steps.set(self.0.steps.get() + 1);
        if outcome.is_none() {
            self.0.given_up.set(self.0.given_up.get() + 1);
        }
        outcome
    }

    fn gives_up(&self) -> bool {
        !self.0.patient.get() && !self.0.auditing.get() && self.below(8) == 0
    }

    /// Is polled a few times more before it goes on.
    pub async fn nap(&self) {
        let mut left = if self.0.patient.get() { 0 } else { self.below(3) };
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            if !self.0.auditing.get() {
                left -= 1;
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
