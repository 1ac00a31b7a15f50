/** The guide to reviewing a change: the command prints what is shown, its options exist, its workflow's script runs. */
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diffOptions } from '../../src/cli/diff-options.ts'
import { COMMAND } from '../command/command.ts'
import { testFolder } from '../command/folder.ts'
import { withOutputs } from './documented.ts'

const root = join(import.meta.dirname, '../..')
const path = join(root, 'docs/review-a-ruleset-change.md')
const guide = readFileSync(path, 'utf8')
const folder = testFolder()

test('what the guide shows of the command is what it prints', async () => {
  expect(guide.match(/```console\n\$ /g)!.length).toBeGreaterThan(3)
  await expect(withOutputs(guide)).toMatchFileSnapshot(path)
})

test('every long option of diff that it names exists', () => {
  const known = new Set(
    Object.keys(diffOptions).map(
      (key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    ),
  )
  const named = [...guide.matchAll(/`(?:sallyport diff [^`]*?)?(--[a-z0-9-]+)/g)].map(([, name]) => name!)
  expect(named.length).toBeGreaterThan(4)
  expect(named.filter((name) => !known.has(name))).toEqual([])
})

test("the workflow's script writes the comment, and passes where flows change", () => {
  const script = /run: \|\n(.*?)\n {6}- name: Comment/s.exec(guide)![1]!.replace(/^ {10}/gm, '')
  const run = (command: string, env: Record<string, string> = {}) =>
    execFileSync('/bin/sh', ['-e', '-c', command], {
      cwd: folder.path,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
  const example = (name: string, as: string) =>
    copyFileSync(join(root, 'examples', name), join(folder.path, as))
  mkdirSync(join(folder.path, 'captures'))
  mkdirSync(join(folder.path, 'bin'))
  writeFileSync(
    join(folder.path, 'bin/sallyport'),
    `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`,
    { mode: 0o755 },
  )
  example('first-look.pcapng', 'captures/first-look.pcapng')
  example('first-look.v4', 'rules.v4')
  const identity = '-c user.name=test -c user.email=test@example.org'
  run(`git init -q && git add rules.v4 && git ${identity} commit -q -m rules`)
  example('first-look.next.v4', 'rules.v4')
  run(script, {
    PATH: `${folder.path}/bin:${process.env['PATH']}`,
    BASE: run('git rev-parse HEAD').trim(),
    RUNNER_TEMP: folder.path,
    GITHUB_STEP_SUMMARY: join(folder.path, 'summary.md'),
  })
  const comment = readFileSync(join(folder.path, 'comment.md'), 'utf8')
  expect(comment).toMatch(/^### ⚠️ 2 of 7 flows change/)
  expect(readFileSync(join(folder.path, 'summary.md'), 'utf8')).toBe(comment)
})
