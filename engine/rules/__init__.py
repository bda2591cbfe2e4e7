"""The rules of each kernel version: GFP bits, alloc flags, watermarks, reserves, floors."""
