"""What is done with jobs: run them, pause them, watch over them."""

from labshare.clockwork.services.pausing import pause, resume
from labshare.clockwork.services.running import give_up, preview_job, run_due, run_job
from labshare.clockwork.services.watching import tell_late, watch_clock

__all__ = ["give_up", "pause", "preview_job", "resume", "run_due", "run_job", "tell_late", "watch_clock"]
