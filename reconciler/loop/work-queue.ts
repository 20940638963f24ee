import type { Clock } from '../clock.ts';

export interface WorkQueueOptions<K extends string> {
  clock: Clock;
  /** Works on one key. What it throws goes to `onError`, and the queue goes on. */
  work: (key: K, signal: AbortSignal) => Promise<void>;
  onError: (key: K, error: unknown) => void;
  /** Called when the work on a key has ended and no further round of it follows at once. */
  onDone?: (key: K) => void;
  /** Keys worked on at the same time. */
  parallelism: number;
}

export interface WorkQueue<K extends string> {
  /** Work on the key as soon as there is a free place. While it is being worked on, any number of puts make one more round. */
  put(key: K): void;
  /** Put it at that time (milliseconds since 1970). An earlier appointment of the same key stays. */
  putAt(key: K, time: number): void;
  /** True while the key waits for its turn or is being worked on; appointments do not count. */
  isBusy(key: K): boolean;
  /** Resolves when nothing is queued or running; appointments do not count. */
  idle(): Promise<void>;
  /** Takes nothing more, aborts what runs, and resolves when that has ended. */
  stop(): Promise<void>;
}

/** A keyed queue: one key is never worked on twice at once, and a key says only *that* something is to be looked at. */
export function createWorkQueue<K extends string>(options: WorkQueueOptions<K>): WorkQueue<K> {
  const { clock, parallelism } = options;
  const ready = new Set<K>();
  const running = new Set<K>();
  const again = new Set<K>();
  const appointments = new Map<K, { time: number; timer: unknown }>();
  const idleWaiters: (() => void)[] = [];
  const abort = new AbortController();

  function put(key: K): void {
    if (abort.signal.aborted) return;
    cancelAppointment(key);
    if (running.has(key)) again.add(key);
    else ready.add(key);
    pump();
  }

  function putAt(key: K, time: number): void {
    if (abort.signal.aborted) return;
    const present = appointments.get(key);
    if (present !== undefined && present.time <= time) return;
    cancelAppointment(key);
    const timer = clock.setTimeout(() => {
      appointments.delete(key);
      // A clamped timer comes early: look at the time again.
      if (clock.now() >= time) put(key);
      else putAt(key, time);
    }, time - clock.now());
    appointments.set(key, { time, timer });
  }

  function cancelAppointment(key: K): void {
    const appointment = appointments.get(key);
    if (appointment === undefined) return;
    clock.clearTimeout(appointment.timer);
    appointments.delete(key);
  }

  function pump(): void {
    for (const key of ready) {
      if (running.size >= parallelism) return;
      ready.delete(key);
      running.add(key);
      void run(key);
    }
    if (ready.size === 0 && running.size === 0) for (const wake of idleWaiters.splice(0)) wake();
  }

  async function run(key: K): Promise<void> {
    try {
      await options.work(key, abort.signal);
    } catch (error) {
      options.onError(key, error);
    }
    running.delete(key);
    if (again.delete(key) && !abort.signal.aborted) ready.add(key);
    else options.onDone?.(key);
    pump();
  }

  function idle(): Promise<void> {
    if (ready.size === 0 && running.size === 0) return Promise.resolve();
    return new Promise((resolve) => idleWaiters.push(resolve));
  }

  return {
    put,
    putAt,
    isBusy: (key) => ready.has(key) || running.has(key),
    idle,
    async stop() {
      abort.abort(new Error('the work queue was stopped'));
      for (const key of [...appointments.keys()]) cancelAppointment(key);
      ready.clear();
      again.clear();
      await idle();
    },
  };
}
