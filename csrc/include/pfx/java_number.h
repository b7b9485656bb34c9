/* Floats as Java prints them (Double.toString and Float.toString of JDK 19): 0.1, 1.0, 1.0E10. */
#ifndef PFX_JAVA_NUMBER_H
#define PFX_JAVA_NUMBER_H

/* Characters that a number has at most. */
#define PFX_JAVA_NUMBER_TEXT 32

/* Write a number and return how many characters it has; 0 for what is left to the caller: infinities, NaN, numbers so
 * close to 0 that they have fewer digits than others, and floats that are very large or small powers of two. */
int pfx_double_java(double value, char *to);
int pfx_float_java(float value, char *to);

#endif
