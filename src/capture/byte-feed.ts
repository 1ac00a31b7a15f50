/**
 * Chunks of bytes as a parser wants them: one window with the next record in one piece.
 *
 * The window is the fed chunk itself. Only what straddles two chunks is copied, into a buffer of
 * our own ("carry"), which takes just the bytes it misses from the new chunk; then the window moves
 * on to the chunk. Bytes once shown are overwritten by `feed` alone, never by `need`.
 */
export class ByteFeed {
  /** The window: unread bytes are `bytes[position]` up to `bytes[limit - 1]`; `view` covers `bytes`. */
  bytes: Uint8Array = new Uint8Array(0)
  view: DataView = new DataView(this.bytes.buffer)
  position = 0
  limit = 0
  /** No more chunks will come. */
  ended = false

  /** Offset in the file of `bytes[0]`. */
  #origin = 0
  #carrying = false
  #carry: Uint8Array = new Uint8Array(0)
  #carryView: DataView = new DataView(this.#carry.buffer)
  /** While carrying: the chunk fed last, and how much of it has moved into the carry. */
  #chunk: Uint8Array = this.bytes
  #chunkPosition = 0
  /** Nothing more is read, after a fatal problem. */
  closed = false

  /** Offset in the file of `bytes[position]`. */
  get offset(): number {
    return this.#origin + this.position
  }

  /** Bytes fed and not yet read. */
  get remaining(): number {
    return this.limit - this.position + (this.#carrying ? this.#chunk.length - this.#chunkPosition : 0)
  }

  /** Best called when `need` has returned false; sooner it costs a copy of what is unread. */
  feed(chunk: Uint8Array): void {
    if (this.closed || this.ended || chunk.length === 0) return
    // A Node Buffer is a subclass: plain arrays only keep the element accesses behind us monomorphic.
    const plain = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length)
    const offset = this.offset
    if (this.remaining === 0) {
      this.#carrying = false
      this.#chunk = plain
      this.#show(plain, new DataView(plain.buffer, plain.byteOffset, plain.length), 0, plain.length, offset)
      return
    }
    const rest = this.limit - this.position
    const wasCarrying = this.#carrying
    if (wasCarrying) {
      if (this.position > 0) this.#carry.copyWithin(0, this.position, this.limit)
    } else {
      this.#reserve(rest, 0)
      this.#carry.set(this.bytes.subarray(this.position, this.limit))
    }
    this.#carrying = true
    this.#show(this.#carry, this.#carryView, 0, rest, offset)
    if (wasCarrying) this.#takeFromChunk(this.#chunk.length)
    this.#chunk = plain
    this.#chunkPosition = 0
  }

  end(): void {
    this.ended = true
  }

  /** Reads no further: what is left, and what will be fed, is ignored. */
  close(): void {
    this.closed = true
    this.#carrying = false
    this.#show(new Uint8Array(0), new DataView(new ArrayBuffer(0)), 0, 0, this.offset)
    this.#chunk = this.bytes
    this.#carry = this.bytes
  }

  /**
   * Whether `size` bytes stand in one piece at `position`, which may be another one in another
   * window afterwards. False: feed more. The caller bounds `size`; it is what the carry may grow to.
   */
  need(size: number): boolean {
    if (this.limit - this.position >= size) return true
    if (!this.#carrying) return false
    if (this.position === this.limit) {
      this.#carrying = false
      const chunk = this.#chunk
      const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length)
      this.#show(chunk, view, this.#chunkPosition, chunk.length, this.offset - this.#chunkPosition)
    } else {
      this.#takeFromChunk(size - (this.limit - this.position))
    }
    return this.limit - this.position >= size
  }

  #takeFromChunk(wanted: number): void {
    const taken = Math.min(wanted, this.#chunk.length - this.#chunkPosition)
    if (taken === 0) return
    this.#reserve(this.limit + taken, this.limit)
    this.#carry.set(this.#chunk.subarray(this.#chunkPosition, this.#chunkPosition + taken), this.limit)
    this.bytes = this.#carry
    this.view = this.#carryView
    this.limit += taken
    this.#chunkPosition += taken
  }

  /** Room for `size` bytes in the carry; the first `kept` stay. Doubling keeps tiny chunks linear. */
  #reserve(size: number, kept: number): void {
    if (this.#carry.length >= size) return
    const grown = new Uint8Array(Math.max(size, this.#carry.length * 2, 4096))
    grown.set(this.#carry.subarray(0, kept))
    this.#carry = grown
    this.#carryView = new DataView(grown.buffer)
  }

  #show(bytes: Uint8Array, view: DataView, position: number, limit: number, origin: number): void {
    this.bytes = bytes
    this.view = view
    this.position = position
    this.limit = limit
    this.#origin = origin
  }
}
