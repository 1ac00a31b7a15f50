/** What each reporter writes, read back as its readers would. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseScenario } from '../../scenario/parser.ts'
import { ScenarioRun } from '../../scenario/run.ts'
import { Output } from '../output.ts'
import { terminalOf } from '../terminal.ts'
import { diffLines } from './failure-text.ts'
import { type ReporterName, reporters } from './index.ts'
import type { FileResult, RunResult, TimedResult } from './reporter.ts'

const good = `host a 10.0.0.1   host b 10.0.0.2
not-on-kernel: it has no such <thing>
+0 a:1 > b:2 S
   NEW
`
const bad = `host a 10.0.0.1   host b 10.0.0.2
test "holds"
+0 a:1 > b:2 S
   NEW
test "does \\"not\\" <hold> & # 1%, so: \\x01\\\\"
+0 a:1 > b:2 S
   ESTABLISHED, entry SYN_RECV 60s
table:
   tcp a:1 > b:2 SYN_SENT
   udp a > b
test "cannot be run"
+0 a:1 > b S
`
const unreadable = 'host a 10.0.0.1\n+0 a:1 > c:2 S\n'

/** As `sallyport test` would have it, with times that do not change. */
async function resultOf(name: string, text: string): Promise<FileResult> {
  const { file, problems } = parseScenario(text, name)
  const tests: TimedResult[] = []
  for (const one of file?.tests ?? []) {
    const result = await new ScenarioRun(file!).test(one)
    tests.push({ ...result, milliseconds: 1.5, notOnKernel: one.setup.notOnKernel })
  }
  return { file: name, text, problems, tests, milliseconds: 3 }
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-reporters-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function written(reporter: ReporterName): Promise<string> {
  const files = [
    await resultOf('good.scenario', good),
    await resultOf('bad, really.scenario', bad),
    await resultOf('unreadable.scenario', unreadable),
  ]
  const result: RunResult = { files, filtered: 2, updated: 0, milliseconds: 1234 }
  const path = join(folder, reporter)
  const descriptor = openSync(path, 'w')
  const one = new reporters[reporter]({ output: new Output(descriptor), terminal: terminalOf({}, {}) })
  for (const file of files) one.file(file)
  one.end(result)
  closeSync(descriptor)
  return readFileSync(path, 'utf8')
}

test('for people: a line a file, failures with frame and diff, totals', async () => {
  expect(await written('default')).toMatchInlineSnapshot(`
    " ✓ good.scenario (1 test) 3 ms
     × bad, really.scenario (3 tests | 2 failed) 3 ms
       × does "not" <hold> & # 1%, so: \\x01\\ 2 ms
       × cannot be run 2 ms
     × unreadable.scenario (cannot be read) 3 ms

     FAIL  bad, really.scenario > does "not" <hold> & # 1%, so: \\x01\\

      - expected  + received

    bad, really.scenario:7:4  packet 1
      7 |    ESTABLISHED, entry SYN_RECV 60s
        |    ^^^^^^^^^^^
      - ESTABLISHED
      + NEW

    bad, really.scenario:7:17  packet 1
      7 |    ESTABLISHED, entry SYN_RECV 60s
        |                 ^^^^^^^^^^^^^^^^^^
      - entry SYN_RECV 60s
      + entry SYN_SENT 120s

    bad, really.scenario:9:1
      9 |    tcp a:1 > b:2 SYN_SENT
        | ^^^^^^^^^^^^^^^^^^^^^^^^^
        tcp a:1 > b:2 SYN_SENT
      - udp a > b


     FAIL  bad, really.scenario > cannot be run

      - expected  + received

    bad, really.scenario:12:10  error
      12 | +0 a:1 > b S
         |          ^
      no port is told, and these two have no tcp conversation yet: write b:PORT


    unreadable.scenario:2:10  error
      2 | +0 a:1 > c:2 S
        |          ^
      "c" is no host of this scenario; did you mean a?

     Test Files  2 failed | 1 passed (3)
          Tests  2 failed | 2 passed | 2 skipped (6)
     Not on Linux 1: it has no such <thing>
       Duration  1.23 s
    "
  `)
})

test('TAP: version, a line a test with consecutive numbers, YAML that can be read, the plan', async () => {
  const lines = (await written('tap')).trimEnd().split('\n')
  expect(lines[0]).toBe('TAP version 14')
  expect(lines.at(-1)).toBe('1..5')
  const points: { good: boolean; number: number; description: string; yaml: Record<string, unknown> }[] = []
  let yaml: Record<string, unknown> | null = null
  for (const line of lines.slice(1, -1)) {
    const point = /^(not )?ok (\d+) - (.*)$/.exec(line)
    if (point !== null) {
      const description = point[3]!.replace(/\\([\\#])/g, '$1')
      points.push({ good: point[1] === undefined, number: Number(point[2]), description, yaml: {} })
    } else if (line === '  ---') yaml = {}
    else if (line === '  ...') {
      points.at(-1)!.yaml = yaml!
      yaml = null
    } else {
      const [, key, value] = /^ {2}(\w+): (.*)$/.exec(line)!
      yaml![key!] = JSON.parse(value!)
    }
  }
  expect(points.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5])
  expect(points.map(({ good, description }) => [good, description])).toEqual([
    [true, 'good.scenario > good'],
    [true, 'bad, really.scenario > holds'],
    [false, 'bad, really.scenario > does "not" <hold> & # 1%, so: \\x01\\'],
    [false, 'bad, really.scenario > cannot be run'],
    [false, 'unreadable.scenario:2'],
  ])
  expect(points[2]!.yaml).toMatchObject({
    at: 'bad, really.scenario:7:4',
    expected: 'ESTABLISHED',
    actual: 'NEW',
    message: 'packet 1 is not as expected, and 2 more',
  })
})

test('JUnit: well-formed XML whose totals are those of its parts', async () => {
  const suites = readXml(await written('junit'))
  expect(suites).toMatchObject({
    name: 'testsuites',
    attributes: { tests: '5', failures: '2', errors: '1', time: '1.234' },
  })
  expect(suites.children.map(({ attributes }) => [attributes['name'], attributes['tests']])).toEqual([
    ['good.scenario', '1'],
    ['bad, really.scenario', '3'],
    ['unreadable.scenario', '1'],
  ])
  const cases = suites.children.flatMap(({ children }) => children)
  expect(cases.map(({ attributes }) => attributes['name'])).toEqual([
    'good',
    'holds',
    // XML 1.0 cannot say the character 1.
    'does "not" <hold> & # 1%, so: \ufffd\\',
    'cannot be run',
    'line 2',
  ])
  const [failure] = cases[2]!.children
  expect(failure).toMatchObject({ name: 'failure', attributes: { message: 'expected ESTABLISHED, got NEW' } })
  expect(failure!.text).toContain('- entry SYN_RECV 60s')
  expect(cases[4]!.children[0]).toMatchObject({ name: 'error' })
})

test('JSON: one object with all there is', async () => {
  const report = JSON.parse(await written('json'))
  expect(report).toMatchObject({
    success: false,
    files: 3,
    filesFailed: 2,
    tests: 4,
    passed: 2,
    failed: 2,
    skipped: 2,
  })
  expect(report.results[0].tests[0]).toMatchObject({
    status: 'passed',
    packets: 1,
    notOnKernel: 'it has no such <thing>',
  })
  expect(report.results[1].tests[1]).toMatchObject({
    line: 5,
    column: 1,
    status: 'failed',
    failures: [
      { line: 7, column: 4, packet: 1, expected: 'ESTABLISHED', actual: 'NEW' },
      { line: 7, column: 17, packet: 1, expected: 'entry SYN_RECV 60s', actual: 'entry SYN_SENT 120s' },
      { line: 9, column: 1, packet: null },
    ],
  })
  expect(report.results[1].tests[2].problem).toMatchObject({ line: 12, column: 10 })
  expect(report.results[2].problems).toMatchObject([{ line: 2, column: 10 }])
})

test('GitHub: annotations that its runner reads back', async () => {
  const text = await written('github')
  const commands = [...text.matchAll(/^::error ([^\n]*?)::(.*)$/gm)].map(([, properties, message]) => {
    const undo = (value: string) =>
      value
        .replace(/%2C/g, ',')
        .replace(/%3A/g, ':')
        .replace(/%0A/g, '\n')
        .replace(/%0D/g, '\r')
        .replace(/%25/g, '%')
    const fields = Object.fromEntries(properties!.split(',').map((field) => field.split('=', 2)))
    return {
      file: undo(fields['file']!),
      line: fields['line'],
      title: undo(fields['title']!),
      message: undo(message!),
    }
  })
  expect(commands).toMatchObject([
    {
      file: 'bad, really.scenario',
      line: '7',
      title: 'does "not" <hold> & # 1%, so: \u0001\\',
      message: 'packet 1: expected ESTABLISHED, got NEW',
    },
    { line: '7', message: 'packet 1: expected entry SYN_RECV 60s, got entry SYN_SENT 120s' },
    { line: '9', message: expect.stringContaining('\n') },
    { line: '12', title: 'cannot be run' },
    { file: 'unreadable.scenario', line: '2', title: 'cannot be read' },
  ])
})

test('a diff shows what both share once', () => {
  expect(diffLines(['a', 'b', 'c'], ['a', 'x', 'c', 'd'])).toEqual(['  a', '- b', '+ x', '  c', '+ d'])
  expect(diffLines([], ['a'])).toEqual(['+ a'])
})

interface Element {
  readonly name: string
  readonly attributes: Record<string, string>
  readonly children: Element[]
  text: string
}

/** As much of XML 1.0 as there is here; throws where it is not well-formed. */
function readXml(xml: string): Element {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }
  const plain = (value: string) =>
    value.replace(/&(?:(\w+)|#(\d+));|[&<]/g, (whole, name, code) => {
      if (code !== undefined) return String.fromCharCode(Number(code))
      if (names[name] === undefined) throw new Error(`not well-formed: ${whole}`)
      return names[name]!
    })
  const root: Element = { name: '', attributes: {}, children: [], text: '' }
  const open = [root]
  const body = xml.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, '')
  if (body === xml) throw new Error('no declaration')
  const pattern = /<(\/?)([\w-]+)((?:\s+[\w-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy
  let end = 0
  for (let found = pattern.exec(body); found !== null; found = pattern.exec(body)) {
    end = pattern.lastIndex
    const [, isEnd, name, attributes, isEmpty, text] = found
    const top = open.at(-1)!
    if (text !== undefined) top.text += plain(text)
    else if (isEnd === '/') {
      if (open.pop()!.name !== name) throw new Error(`not closed: ${top.name}`)
    } else {
      const pairs = [...attributes!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [
        key!,
        plain(value!),
      ])
      const element: Element = { name: name!, attributes: Object.fromEntries(pairs), children: [], text: '' }
      top.children.push(element)
      if (isEmpty !== '/') open.push(element)
    }
  }
  if (end !== body.length || open.length !== 1 || root.children.length !== 1)
    throw new Error(`not well-formed at ${end}`)
  return root.children[0]!
}
