import { printable, printableLines } from '../diagnostic/printable.ts'
import { EXIT_UNREADABLE, EXIT_UNWRITABLE, EXIT_WRONG_USE } from './exit-codes.ts'

/** Ends the command with a message, shown without what steers a terminal, and an exit code; anything else thrown is a defect. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(printableLines(message))
    this.exitCode = exitCode
  }
}

/** The command was called in a way that it does not understand. */
export function wrongUse(message: string): Failure {
  return new Failure(message, EXIT_WRONG_USE)
}

/** A file cannot be opened or read: names it, and says why in words. */
export function unreadable(name: string, error: unknown): Failure {
  return new Failure(sentence(name, error, reasons), EXIT_UNREADABLE)
}

/** A file, or standard output, cannot be opened for writing or written: names it, and says why in words. */
export function unwritable(name: string, error: unknown): Failure {
  return new Failure(sentence(name, error, { ...reasons, ...writeReasons }), EXIT_UNWRITABLE)
}

function sentence(name: string, error: unknown, words: Readonly<Record<string, string>>): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const why = words[code] ?? (error instanceof Error ? error.message : String(error))
  return `${printable(name)}: ${printable(why)}`
}

const writeReasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would grow beyond what is allowed',
  EROFS: 'the file system is read-only',
  EISDIR: 'is a directory',
  ENXIO: 'nothing there to write to',
  EBADF: 'is closed, or not open for writing',
  EIO: 'input/output error',
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of the path is no directory',
  EISDIR: 'is a directory, not a capture',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EMFILE: 'too many files are open (see ulimit -n)',
  ENXIO: 'nothing there to read from',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
}
