//! A chip that has two ends: the stack's and the host's.

#[cfg(feature = "std")]
pub(crate) use with_std::Shared;
#[cfg(not(feature = "std"))]
pub(crate) use without_std::Shared;

/// The ends may be in two threads.
#[cfg(feature = "std")]
mod with_std {
    use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

    pub(crate) struct Shared<T>(Arc<Mutex<T>>);

    impl<T> Shared<T> {
        pub(crate) fn new(chip: T) -> Self {
            Self(Arc::new(Mutex::new(chip)))
        }

        /// The chip, for one call. A test that failed elsewhere is no reason to fail here.
        pub(crate) fn borrow(&self) -> MutexGuard<'_, T> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// As [`borrow`](Self::borrow), to change it.
        pub(crate) fn borrow_mut(&self) -> MutexGuard<'_, T> {
            self.borrow()
        }
    }

    impl<T> Clone for Shared<T> {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }
}

/// The ends are in one thread.
#[cfg(not(feature = "std"))]
mod without_std {
    use alloc::rc::Rc;
    use core::cell::{Ref, RefCell, RefMut};

    pub(crate) struct Shared<T>(Rc<RefCell<T>>);

    impl<T> Shared<T> {
        pub(crate) fn new(chip: T) -> Self {
            Self(Rc::new(RefCell::new(chip)))
        }

        /// The chip, for one call.
        pub(crate) fn borrow(&self) -> Ref<'_, T> {
            self.0.borrow()
        }

        /// As [`borrow`](Self::borrow), to change it.
        pub(crate) fn borrow_mut(&self) -> RefMut<'_, T> {
            self.0.borrow_mut()
        }
    }

    impl<T> Clone for Shared<T> {
        fn clone(&self) -> Self {
            Self(self.0.clone())
        }
    }
}
