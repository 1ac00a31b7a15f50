/** `sallyport decode`, from a file and from a pipe. */
import { expect, test } from 'vitest'
import { call } from './command.ts'
import { testFolder } from './folder.ts'

const folder = testFolder()
const entry =
  'tcp 6 431995 ESTABLISHED\nsrc=140.208.5.62 dst=207.46.230.218 sport=1311 dport=80 src=207.46.230.218\ndst=140.208.5.62 sport=80 dport=1311 [ASSURED] use=1\n'
folder.write('entry.txt', entry)

test('a file and standard input: the same words', async () => {
  const fromFile = await call(folder.path, ['decode', 'entry.txt'])
  const fromPipe = await call(folder.path, ['decode'], { input: entry })
  expect(fromFile).toEqual(fromPipe)
  expect(fromFile).toMatchObject({ code: 0, error: '' })
  expect(fromFile.out).toMatch(/^TCP from 140\.208\.5\.62:1311 to 207\.46\.230\.218:80: open;/)
  expect(fromFile.out).toMatch(/\n {2}use=1 +how many hold the entry: the table itself\./)
  expect(Math.max(...fromFile.out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
})

test('what cannot be read: its place, and exit code 3; what can be is shown all the same', async () => {
  const { code, out, error } = await call(folder.path, ['decode', '-'], {
    input: `${entry}tcp 6 12 OPEN src=1.2.3.4\n`,
  })
  expect(code).toBe(3)
  expect(out).toContain('TCP from 140.208.5.62:1311')
  expect(error).toMatch(/^-:4:10: error: expected a state of tcp/)
  expect(error).toContain('  4 | tcp 6 12 OPEN src=1.2.3.4')
})

test('nothing of the kind', async () => {
  const { code, error } = await call(folder.path, ['decode'], { input: 'hello world\n' })
  expect(code).toBe(3)
  expect(error).toContain('-: no entry of a state table and no line of the kernel log in it')
})

test('what steers a terminal does not reach it', async () => {
  const { out } = await call(folder.path, ['decode'], {
    input: '\u001b[31mevil\u0007 IN=eth0\u001b[2J OUT= SRC=1.2.3.4 DST=1.2.3.5 PROTO=TCP SPT=1 DPT=2 SYN \n',
  })
  for (const steers of ['\u001b', '\u0007']) expect(out).not.toContain(steers)
  expect(out).toContain('TCP SYN from 1.2.3.4:1 to 1.2.3.5:2')
})
