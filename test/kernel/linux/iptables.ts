import { spawnSync } from 'node:child_process'
import type { Family } from '../../../src/ruleset/model.ts'
import type { Namespace } from './namespace.ts'

/** The real tools of the legacy back end, in a namespace of their own. */
export class Iptables {
  readonly #namespace: Namespace

  constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  #run(program: string, args: readonly string[], input = ''): { ok: boolean; out: string; error: string } {
    // A child starts in the network namespace of the thread that makes it.
    const { status, stdout, stderr } = this.#namespace.inside(() =>
      spawnSync(program, args, { input, encoding: 'utf8' }),
    )
    return { ok: status === 0, out: stdout, error: stderr }
  }

  /** Loads a file, or says why not. */
  restore(family: Family, text: string, counters = false): string | null {
    const program = family === 'ipv4' ? 'iptables-legacy-restore' : 'ip6tables-legacy-restore'
    const { ok, error } = this.#run(program, counters ? ['-w', '-c'] : ['-w'], text)
    return ok ? null : error
  }

  /** The lines of a table as they are saved, comments left out. */
  save(family: Family, table: string, counters = false): string {
    const program = family === 'ipv4' ? 'iptables-legacy-save' : 'ip6tables-legacy-save'
    const { ok, out, error } = this.#run(program, ['-t', table, ...(counters ? ['-c'] : [])])
    if (!ok) throw new Error(error)
    return out.replace(/^#.*\n/gm, '')
  }
}
