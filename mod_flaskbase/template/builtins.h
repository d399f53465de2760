/* The tables of everything built in: one row each, ended by a row without name. */
#ifndef FB_TEMPLATE_BUILTINS_H
#define FB_TEMPLATE_BUILTINS_H

#include "template/object.h"

/* What stands after | and after `is`, and the global functions. */
extern const fb_builtin fb_builtin_filters[];
extern const fb_builtin fb_builtin_tests[];
extern const fb_builtin fb_builtin_globals[];

/* Methods of the built-in types: the row's function gets the object as `self`. */
extern const fb_builtin fb_builtin_str_methods[]; /* of str and Markup */
extern const fb_builtin fb_builtin_bytes_methods[];
extern const fb_builtin fb_builtin_list_methods[];
extern const fb_builtin fb_builtin_tuple_methods[];
extern const fb_builtin fb_builtin_dict_methods[];
extern const fb_builtin fb_builtin_view_methods[];
extern const fb_builtin fb_builtin_int_methods[]; /* of int and bool */
extern const fb_builtin fb_builtin_float_methods[];
extern const fb_builtin fb_builtin_range_methods[];
/* Of Markup besides those of str. */
extern const fb_builtin fb_builtin_markup_methods[];
/* Of the tuples that groupby gives: their aux is FB_TUPLE_GROUP. */
#define FB_TUPLE_GROUP 1u
extern const fb_attribute fb_builtin_group_attributes[];
/* Attributes that are no methods: int.real, int.numerator, range.start … */
extern const fb_attribute fb_builtin_int_attributes[];
extern const fb_attribute fb_builtin_float_attributes[];
extern const fb_attribute fb_builtin_range_attributes[];

/* What a negative number to a fractional power is. */
fb_value fb_complex_value(fb_vm *vm, double real, double imaginary);
/* What x.__class__ is: an object that shows the type's name and nothing more. */
fb_value fb_type_value(fb_vm *vm, fb_value v);

/* The class of namespace() objects: the VM assigns to their attributes. */
extern const fb_class fb_class_namespace;

#endif
