import koffi from 'koffi'

/** A failed system call, with the name of the call and errno. */
export class SystemError extends Error {
  readonly call: string
  readonly errno: number

  constructor(call: string, errno: number) {
    super(`${call}: errno ${errno}`)
    this.name = 'SystemError'
    this.call = call
    this.errno = errno
  }
}

const EAGAIN = 11
export const ENOENT = 2

const O_RDONLY = 0
const O_RDWR = 2
const O_NONBLOCK = 0x800
const O_CLOEXEC = 0x80000
const CLONE_NEWNET = 0x40000000

const libc = koffi.load('libc.so.6')
const call = {
  open: libc.func('int open(const char *path, int flags)'),
  close: libc.func('int close(int fd)'),
  read: libc.func('long read(int fd, void *buffer, size_t size)'),
  write: libc.func('long write(int fd, const void *buffer, size_t size)'),
  ioctl: libc.func('int ioctl(int fd, unsigned long request, ...)'),
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  sendto: libc.func(
    'long sendto(int fd, const void *buffer, size_t size, int flags, const void *address, uint32_t length)',
  ),
  recv: libc.func('long recv(int fd, void *buffer, size_t size, int flags)'),
  setns: libc.func('int setns(int fd, int kind)'),
}

function check(name: string, result: number): number {
  if (result < 0) throw new SystemError(name, koffi.errno())
  return result
}

export function open(path: string, mode: 'read' | 'read-write'): number {
  const access = mode === 'read' ? O_RDONLY : O_RDWR | O_NONBLOCK
  return check(`open ${path}`, call.open(path, access | O_CLOEXEC) as number)
}

export function close(fd: number): void {
  call.close(fd)
}

/** Bytes read, or -1 when there is nothing to read at the moment. */
export function read(fd: number, buffer: Uint8Array): number {
  const result = call.read(fd, buffer, buffer.length) as number
  if (result < 0 && koffi.errno() === EAGAIN) return -1
  return check('read', result)
}

/** Bytes written, or minus errno: what the kernel refuses is a result here, not a failure of the harness. */
export function write(fd: number, buffer: Uint8Array): number {
  const result = call.write(fd, buffer, buffer.length) as number
  return result < 0 ? -koffi.errno() : result
}

export function ioctl(fd: number, request: number, argument: Uint8Array): void {
  check('ioctl', call.ioctl(fd, request, 'void *', argument) as number)
}

export function socket(domain: number, type: number, protocol: number): number {
  return check('socket', call.socket(domain, type | O_NONBLOCK | O_CLOEXEC, protocol) as number)
}

export function bind(fd: number, address: Uint8Array): void {
  check('bind', call.bind(fd, address, address.length) as number)
}

export function setSocketOption(fd: number, level: number, name: number, value: number): void {
  const bytes = new Uint8Array(new Int32Array([value]).buffer)
  check('setsockopt', call.setsockopt(fd, level, name, bytes, bytes.length) as number)
}

/** Bytes sent, or minus errno. */
export function sendTo(fd: number, buffer: Uint8Array, address: Uint8Array): number {
  const result = call.sendto(fd, buffer, buffer.length, 0, address, address.length) as number
  return result < 0 ? -koffi.errno() : result
}

/** Bytes received, or -1 when there is nothing; throws ENOBUFS when the kernel had to lose messages. */
export function receive(fd: number, buffer: Uint8Array): number {
  const result = call.recv(fd, buffer, buffer.length, 0) as number
  if (result < 0 && koffi.errno() === EAGAIN) return -1
  return check('recv', result)
}

/** Moves the calling thread into the network namespace that `fd` stands for. */
export function enterNetwork(fd: number): void {
  check('setns', call.setns(fd, CLONE_NEWNET) as number)
}
