//! A crash at any await: what was begun is dropped there, as a process that is killed drops it.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Runs `act` until it has been polled this often, then lets go of it; `None` when it was not done by then.
pub async fn within<T>(polls: u32, act: impl Future<Output = T>) -> Option<T> {
    let mut act = pin!(act);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        act.as_mut().poll(cx).map(Some)
    })
    .await
}
