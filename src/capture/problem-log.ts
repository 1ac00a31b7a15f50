import type { CaptureProblem } from './record.ts'

/** Problems kept of one file; further ones are only counted. */
export const MAX_PROBLEMS = 100

/** The problems of one file, bounded, in a list that several files may share. */
export class ProblemLog {
  readonly list: CaptureProblem[]
  readonly file: number
  /** How many were met beyond those in the list. */
  omitted = 0
  #kept = 0

  constructor(file: number, list: CaptureProblem[] = []) {
    this.file = file
    this.list = list
  }

  /** A fatal problem is always kept: a file has one at most. */
  add(code: CaptureProblem['code'], offset: number, frame: number, fatal: boolean, message: string): void {
    if (this.#kept >= MAX_PROBLEMS && !fatal) {
      this.omitted++
      return
    }
    this.#kept++
    this.list.push({ code, file: this.file, offset, frame, fatal, message })
  }
}

/** What of a file is kept when the rest of it is lost: all `frames` read so far. */
export function keptText(frames: number): string {
  if (frames === 0) return 'no frame came before it'
  return frames === 1 ? 'the frame before it is kept' : `the ${frames} frames before it are kept`
}
