const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** Sleeps; the thread does nothing else meanwhile. */
export function pause(milliseconds: number): void {
  Atomics.wait(sleeper, 0, 0, milliseconds)
}
