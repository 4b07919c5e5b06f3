"""Uploaded files stay in memory and small: what is beyond the limit is counted and dropped."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MOST_BYTES = 1_000_001  # one more than the largest file that is read, so that it shows


class BoundedUpload(FileUploadHandler):
    """The first MOST_BYTES of each file; its `size` is that of the whole."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        left = MOST_BYTES - self.kept.tell()
        self.kept.write(raw_data[:left])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.kept.seek(0)
        return InMemoryUploadedFile(
            file=self.kept,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
