import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Namespace } from '../../../src/live/namespace.ts'
import type { Family } from '../../../src/ruleset/model.ts'

/** A file for iptables-restore. */
export interface RestoreFile {
  readonly family: Family
  readonly table: string
  readonly text: string
}

/** What became of it: the table as it is saved then, comments left out, or why it was refused. */
export type Restored = { readonly saved: string } | { readonly refusal: string }

/** The real tools of the legacy back end, in a namespace of their own. */
export class Iptables {
  readonly #namespace: Namespace

  constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  /** Loads each file and saves its table, one after the other; in one shell, because a start of ours is dear. */
  restore(files: readonly RestoreFile[], { counters = false } = {}): Restored[] {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-iptables-'))
    try {
      const option = counters ? '-c' : ''
      const script = files.map(({ family, table, text }, index) => {
        writeFileSync(join(folder, String(index)), text)
        const program = family === 'ipv4' ? 'iptables-legacy' : 'ip6tables-legacy'
        return `${program}-restore -w ${option} <${index} >/dev/null 2>${index}.error && ${program}-save ${option} -t ${table} >${index}.saved`
      })
      const { error } = this.#namespace.inside(() =>
        // A child starts in the network namespace of the thread that makes it.
        spawnSync('sh', { cwd: folder, input: script.join('\n') }),
      )
      if (error) throw error
      return files.map((_, index) => {
        const saved = join(folder, `${index}.saved`)
        if (existsSync(saved)) return { saved: readFileSync(saved, 'utf8').replace(/^#.*\n/gm, '') }
        return {
          refusal: readFileSync(join(folder, `${index}.error`), 'utf8')
            .trim()
            .split('\n')[0]!,
        }
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}
