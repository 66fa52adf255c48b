#ifndef CIMAGING_H
#define CIMAGING_H

/// Makes a thumbnail of the picture on descriptor 0 and writes it to descriptor 1. For a process that does nothing else: it takes all
/// rights from itself before it looks at the first byte, and it ends here, whatever the picture is.
///
/// What is written: the outcome ('T' a thumbnail, 'O' the picture is fine as it is, 'U' no picture that is known here, 'L' too large), the
/// format ('j' JPEG, 'p' PNG, 'g' GIF, 'w' WebP, '-' none), the count of bytes that follow (4 bytes, little-endian), and the thumbnail's bytes.
/// A process that ends without having written all of that has failed.
///
/// - width, height: of the wanted thumbnail, in pixels.
/// - crops: whether it has the shape of `width` x `height`, and shows the middle of the picture; otherwise it fits into that and shows all.
/// - takes_animation: whether a picture that moves may be 'O'.
_Noreturn void landline_thumbnail(int width, int height, int crops, int takes_animation);

#endif
