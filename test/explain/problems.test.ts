/** Captures that something is wrong with: told as replay tells it, with replay's exit code. */
import { expect, test } from 'vitest'
import { Story } from '../captures/story.ts'
import { call } from '../command/command.ts'
import { testFolder } from '../command/folder.ts'

const folder = testFolder()
const story = new Story()
story.tcp(40_000, 80).open(1000, 5000)
const whole = story.file()
folder.write('cut.pcapng', whole.subarray(0, whole.length - 10))
folder.write('none.pcapng', '')
folder.write('program', '\x7fELF and no capture')

/** What `replay` says of its captures beside data, under the name of this command. */
async function replaySays(...files: string[]): Promise<string> {
  const { error } = await folder.replay(...files, '--stats')
  expect(error).toContain('byte ')
  return error.replaceAll('sallyport replay: ', 'sallyport explain: ')
}

test.each(['none.pcapng', 'program'])('%s is no capture: exit code 3, and why', async (file) => {
  for (const words of [
    ['--packet', '1'],
    ['--flow', 'tcp'],
  ]) {
    const { code, out, error } = await call(folder.path, ['explain', file, ...words])
    expect({ code, out, error }).toEqual({ code: 3, out: '', error: await replaySays(file) })
  }
})

test('a capture that ends within a record: what is left is explained, and the cut is told', async () => {
  const said = await replaySays('cut.pcapng')
  for (const words of [
    ['--packet', '1'],
    ['--flow', 'tcp'],
    ['--packet', '2', '--json'],
  ]) {
    const { code, out, error } = await call(folder.path, ['explain', 'cut.pcapng', ...words])
    expect({ code, error }).toEqual({ code: 0, error: said })
    expect(out).toMatch(/^Packet |^\{"packet"/)
  }
  const { code, error } = await call(folder.path, ['explain', 'cut.pcapng', '--packet', '3'])
  expect(code).toBe(2)
  expect(error).toContain(`${said}sallyport explain: there is no packet 3: the capture has 2`)
})

test('one of two cannot be read: the other is explained, with exit code 3', async () => {
  const { code, out, error } = await call(folder.path, [
    ...['explain', 'cut.pcapng', 'program', '--packet', 'cut.pcapng:2'],
  ])
  expect({ code, error }).toEqual({ code: 3, error: await replaySays('cut.pcapng', 'program') })
  expect(out).toMatch(/^Packet 2: SYN\+ACK/)
})
