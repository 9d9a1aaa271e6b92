---@meta almanac.crypto

---Digests, HMAC, base64, hexadecimal digits, random bytes, UUIDs. Data are strings of bytes.
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.sha256("abc"):sub(1, 8) == "ba7816bf")
---```
---@class almanac.crypto
local crypto = {}

---The MD5 digest, for old checksums and not for secrets: hexadecimal digits, or with `raw` the bytes themselves.
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.md5("") == "d41d8cd98f00b204e9800998ecf8427e")
---```
---@param data string|number
---@param options? { raw: boolean }
---@return string digest
function crypto.md5(data, options) end

---The SHA-1 digest, for old checksums and not for secrets.
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.sha1("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
---```
---@param data string|number
---@param options? { raw: boolean }
---@return string digest
function crypto.sha1(data, options) end

---The SHA-256 digest. That of a file: `fs.hash`.
---```lua
---local crypto = require "almanac.crypto"
---local digest = crypto.sha256("abc", { raw = true })
---assert(#digest == 32 and crypto.hex_encode(digest) == crypto.sha256("abc"))
---```
---@param data string|number
---@param options? { raw: boolean }
---@return string digest
function crypto.sha256(data, options) end

---The SHA-384 digest.
---```lua
---local crypto = require "almanac.crypto"
---assert(#crypto.sha384("abc") == 96)
---```
---@param data string|number
---@param options? { raw: boolean }
---@return string digest
function crypto.sha384(data, options) end

---The SHA-512 digest.
---```lua
---local crypto = require "almanac.crypto"
---assert(#crypto.sha512("abc") == 128)
---```
---@param data string|number
---@param options? { raw: boolean }
---@return string digest
function crypto.sha512(data, options) end

---The HMAC of data under a key, as webhooks and APIs sign with it.
---```lua
---local crypto = require "almanac.crypto"
---local signature = crypto.hmac("sha256", "secret", '{"event":"push"}')
---assert(crypto.equal(signature, crypto.hmac("sha256", "secret", '{"event":"push"}')))
---```
---@param digest "md5"|"sha1"|"sha256"|"sha384"|"sha512"
---@param key string
---@param data string|number
---@param options? { raw: boolean }
---@return string code
function crypto.hmac(digest, key, data, options) end

---Whether two secrets are the same; how long that takes does not tell where they differ.
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.equal("token", "token") and not crypto.equal("token", "taken"))
---```
---@param a string
---@param b string
---@return boolean same
function crypto.equal(a, b) end

---Bytes as base64; with `url`, with `-` and `_` and without padding.
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.base64_encode("user:password") == "dXNlcjpwYXNzd29yZA==")
---assert(crypto.base64_encode("\xfb\xff", { url = true }) == "-_8")
---```
---@param data string|number
---@param options? { url: boolean }
---@return string text
function crypto.base64_encode(data, options) end

---The bytes of a base64 text, of either alphabet, with padding or without; white space is passed over.
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.base64_decode("aGVsbG8") == "hello")
---local data, err = crypto.base64_decode("no base64!")
---assert(data == nil and err == "character 10 is not base64")
---```
---@param text string
---@return string? data
---@return string? err
function crypto.base64_decode(text) end

---Bytes as hexadecimal digits.
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.hex_encode("\0\xff") == "00ff")
---```
---@param data string|number
---@return string text
function crypto.hex_encode(data) end

---The bytes of hexadecimal digits, small or capital.
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.hex_decode("00FF") == "\0\xff")
---```
---@param text string
---@return string? data
---@return string? err
function crypto.hex_decode(text) end

---That many random bytes, good enough for keys; up to 1 MB.
---```lua
---local crypto = require "almanac.crypto"
---assert(#crypto.random(16) == 16)
---```
---@param count integer
---@return string bytes
function crypto.random(count) end

---That many random bytes as hexadecimal digits, two for each.
---```lua
---local crypto = require "almanac.crypto"
---assert(#crypto.random_hex(16) == 32)
---```
---@param count integer
---@return string text
function crypto.random_hex(count) end

---A new UUID: random (version 4), or one that sorts by its time (version 7).
---```lua
---local crypto = require "almanac.crypto"
---assert(crypto.uuid() ~= crypto.uuid() and crypto.uuid(7):sub(15, 15) == "7")
---```
---@param version? 4|7
---@return string id
function crypto.uuid(version) end

return crypto
